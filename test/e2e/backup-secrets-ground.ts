// Runs of the whole program with canary secrets, and everything that anybody could have seen of them afterwards.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReportReader } from '@delivery/core/domain/backup/report-read';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { ProcessWatch } from '@delivery/testing/off-site-servers/process-watch';
import { watchProcesses } from '@delivery/testing/off-site-servers/process-watch';
import { program } from './backup-dump-program.ts';
import type { FarSide } from './off-site-ground.ts';
import { writeSecrets } from './off-site-ground.ts';

type Env = Readonly<Record<string, string>>;

export interface SecretRun {
  readonly report: ProgramReport;
  readonly output: string;
}

/** Where a canary turned up: never, is the hope. */
export interface Sighting {
  readonly canary: string;
  readonly where: string;
}

export class SecretScene {
  readonly #folder: string;
  readonly #watch: ProcessWatch = watchProcesses(10);
  readonly #texts: { readonly where: string; readonly text: string }[] = [];

  /** Everything below the folder is looked at in the end, but for the names given. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs `backup` or `restore`; `during` gets the process. `TMPDIR` is its own; gives the report and throws when there is none. */
  async run(command: string, env: Env, during?: (kill: () => void) => Promise<void>): Promise<SecretRun> {
    const own = mkdtempSync(join(this.#folder, 'run-'));
    const word = join(own, 'termination-log');
    writeFileSync(word, '');
    const all = { PATH: process.env['PATH'] ?? '', TMPDIR: own, TERMINATION_LOG: word, ...env };
    const child = spawn(process.execPath, ['--conditions=source', program, command], { env: all });
    let output = '';
    const take = (text: string) => (output += text);
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const ended = once(child, 'close');
    await during?.(() => child.kill('SIGTERM'));
    await ended;
    const message = readFileSync(word, 'utf8');
    this.#texts.push({ where: `what ${command} printed`, text: output }, { where: 'its last word', text: message });
    const left = readdirSync(own).filter((name) => name !== 'termination-log');
    if (left.length > 0) throw new Error(`${left.join(', ')} was left in the temporary folder`);
    const reader = new ReportReader();
    reader.take(output.split('\n'));
    const read = reader.read(message);
    if ('problem' in read) throw new Error(`the report ${read.problem}:\n${output}`);
    return { report: read.report, output };
  }

  /** Every place in which one of the canaries was or is: outputs, last words, command lines, files below `folders`. */
  sightings(canaries: readonly string[], folders: readonly string[]): readonly Sighting[] {
    const lines = [...this.#watch.seen].map((text) => ({ where: `the command line ${text.slice(0, 20)}`, text }));
    const files = folders.flatMap(filesBelow).map((path) => ({ where: path, text: readFileSync(path, 'latin1') }));
    return [...this.#texts, ...lines, ...files].flatMap(({ where, text }) =>
      canaries.filter((canary) => text.includes(canary)).map((canary) => ({ canary, where })),
    );
  }

  /** Programs that were seen running, so that nobody looked away. */
  programs(): ReadonlySet<string> {
    return new Set([...this.#watch.seen].map((line) => line.split(' ')[0]?.split('/').at(-1) ?? ''));
  }

  stop(): void {
    this.#watch.stop();
  }
}

/** The program's variables for a far side. */
export function offSite({ settings }: FarSide, over: Env = {}): Env {
  const { transport, host, port, user, path, secrets } = settings;
  return {
    ...{ RSYNC_TRANSPORT: transport, RSYNC_HOST: host, RSYNC_PORT: String(port), RSYNC_USER: user, RSYNC_PATH: path },
    ...{ RSYNC_SECRETS: secrets, ...over },
  };
}

/** A far side's secret. */
export function secretOf({ settings }: FarSide, name: string): string {
  return readFileSync(join(settings.secrets, name), 'utf8');
}

/** The variables for its secrets with other contents. */
export function spoiled(far: FarSide, files: Env): Env {
  const own = { 'ssh-key': secretOf(far, 'ssh-key'), 'known-hosts': secretOf(far, 'known-hosts') };
  return { RSYNC_SECRETS: writeSecrets(far.dir, { ...own, ...files }) };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
