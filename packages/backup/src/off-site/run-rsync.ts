import { keepTail } from '@delivery/core/adapters/exec-output';
import { startPipe } from '../programs.ts';
import type { Access } from './access.ts';
import { describeFailure, OffSiteError } from './failures.ts';
import type { OffSiteSettings } from './settings.ts';

export interface Connection {
  readonly settings: OffSiteSettings;
  readonly access: Access;
  readonly signal: AbortSignal;
  /** So long may nothing come from there; checksums of large files take their time. */
  readonly timeoutSeconds: number;
}

export interface Source {
  /** The folder here. */
  readonly from: string;
  /** For standard input: paths or rules. */
  readonly list: string;
  readonly args?: readonly string[];
  /** What there is to send or to read; the time that it may take depends on it. */
  readonly bytes?: number;
}

const maxOutputBytes = 4 * 1024 * 1024;
/** What is slower than this is as good as standing still. */
const slowestBytesPerSecond = 512 * 1024;

/** Runs rsync from a folder here to the one there and gives what it printed. Throws an OffSiteError when it fails. */
export async function rsync(
  connection: Connection,
  options: readonly string[],
  { from, list, args = [], bytes = 0 }: Source,
): Promise<string> {
  const { settings, access, signal, timeoutSeconds } = connection;
  const all = [...access.options, `--timeout=${timeoutSeconds}`, ...options, ...args, '--', `${from}/`, access.target];
  const limit = limited(signal, timeoutSeconds * 1000 + (bytes / slowestBytesPerSecond) * 1000);
  try {
    const pipe = await startPipe([{ command: 'rsync', args: all }], { ...limit, stdin: 'pipe', stdout: 'pipe' });
    const output = keepTail(maxOutputBytes);
    let length = 0;
    pipe.stdout?.on('data', (chunk: Buffer) => {
      length += chunk.length;
      output.write(chunk);
    });
    pipe.stdin?.end(list);
    const [end] = await pipe.ended;
    signal.throwIfAborted();
    // rsync's own timeout says nothing while only signs of life go to a server that does not read them any more.
    if (end === undefined || limit.signal.aborted) throw describeFailure(standstill, settings);
    if (end.exitCode !== 0) throw describeFailure(end, settings);
    if (length <= maxOutputBytes) return output.text();
    throw new OffSiteError('too-much', `rsync said more than ${maxOutputBytes} bytes`, 'Clear up the folder there.');
  } finally {
    limit.end();
  }
}

/** As rsync ends at its own timeout. */
const standstill = { command: 'rsync', exitCode: 30, signal: null, stderrTail: '' };

/** A signal that is aborted with another one, or after a time. */
function limited(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; end(): void } {
  const over = new AbortController();
  const abort = () => over.abort(signal.reason);
  const timer = setTimeout(() => over.abort(new Error('the time is over')), Math.min(ms, 0x7fff_ffff));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return {
    signal: over.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
