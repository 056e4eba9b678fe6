import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  readonly ms: number;
  /** The most memory it had at once, as Linux counts it (VmHWM of /proc/PID/status), MiB. */
  readonly peakMiB: number;
}

const sampleMs = 20;

/** Runs a program to its end, with nothing of this environment but PATH. Throws with its last words when it fails. */
export async function measure(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Measured> {
  const began = performance.now();
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  let peakMiB = 0;
  const timer = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child.pid))), sampleMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const ms = performance.now() - began;
  clearInterval(timer);
  if (code !== 0) throw new Error(`${file} ${args.join(' ').slice(0, 300)} ended with ${code}: ${words}`);
  return { ms, peakMiB };
}

function peakOf(pid: number | undefined): number {
  try {
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) / 1024;
  } catch {
    // It has ended.
    return 0;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
