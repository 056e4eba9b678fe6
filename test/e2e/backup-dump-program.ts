// Runs the program of packages/backup as the cluster does: a process with variables, a volume, and a last word.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ReportReader } from '@delivery/core/domain/backup/report-read';
import type { BackupReport } from '@delivery/core/domain/backup/report';
import { childrenOf, readOrNothing } from '@delivery/testing/process-files';

export const program = join(import.meta.dirname, '../../packages/backup/src/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly report: BackupReport;
  readonly output: string;
  /** Milliseconds. */
  readonly took: number;
}

/** A run that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** How long the file is that is being written; -1 before there is one. */
  partialSize(): number;
  /** The process of this name that the program has started; undefined when there is none. */
  programOf(name: string): number | undefined;
}

export class BackupScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'backup-dump-'));
  readonly root = join(this.folder, 'volume');
  readonly canary: string;
  readonly #env: Readonly<Record<string, string>>;
  /** Everything that was ever printed or stood on a command line. */
  seen = '';

  constructor(env: Readonly<Record<string, string>> & { readonly MSPASS: string }) {
    this.canary = env.MSPASS;
    this.#env = env;
    mkdirSync(this.root);
    mkdirSync(join(this.folder, 'tmp'));
  }

  /** `TMPDIR` is its own, so that what is left there is seen. */
  start(over: Readonly<Record<string, string>> = {}): Running {
    const word = join(mkdtempSync(join(this.folder, 'word-')), 'termination-log');
    writeFileSync(word, '');
    const own = { BACKUP_ROOT: this.root, TMPDIR: join(this.folder, 'tmp'), TERMINATION_LOG: word };
    const env = { PATH: process.env['PATH'] ?? '', ...this.#env, ...own, ...over };
    const started = performance.now();
    const child = spawn(process.execPath, ['--conditions=source', program, 'backup'], { env });
    const watch = this.#watchCommandLines();
    let output = '';
    const take = (text: string) => (output += text);
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const ended = once(child, 'close').then(([code]): Ended => {
      clearInterval(watch);
      const reader = new ReportReader();
      reader.take(output.split('\n'));
      const message = readFileSync(word, 'utf8');
      this.seen += output + message;
      const read = child.signalCode === 'SIGKILL' ? { report: undefined } : reader.read(message);
      if ('problem' in read) throw new Error(`the report ${read.problem}:\n${output}`);
      const took = performance.now() - started;
      return { code: code as number | null, report: read.report as BackupReport, output, took };
    });
    const root = own.BACKUP_ROOT;
    return {
      child,
      ended,
      partialSize: () => Math.max(-1, ...partials(over['BACKUP_ROOT'] ?? root)),
      programOf: (name) => childOf(child.pid ?? 0, name),
    };
  }

  async run(over?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(over).ended;
  }

  /** Digests by path, of everything on the volume and in the temporary folder. */
  files(root = this.root): Readonly<Record<string, string>> {
    const all = [root, join(this.folder, 'tmp')].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    return Object.fromEntries(
      all.map((path) => [relative(this.folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #watchCommandLines(): NodeJS.Timeout {
    return setInterval(() => {
      for (const pid of readdirSync('/proc')) {
        if (!/^\d+$/.test(pid)) continue;
        const line = readOrNothing(`/proc/${pid}/cmdline`);
        if (line.includes(this.canary)) this.seen += line;
      }
    }, 15);
  }
}

/** Waits for something of the world outside; throws after `limitMs`. */
export async function until(what: string, isSo: () => boolean, limitMs = 20_000): Promise<void> {
  for (const end = performance.now() + limitMs; !isSo(); await setTimeout(1)) {
    if (performance.now() > end) throw new Error(`${what} did not happen`);
  }
}

function partials(root: string): readonly number[] {
  try {
    return readdirSync(join(root, '.partial'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.json'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  } catch {
    return [];
  }
}

function childOf(parent: number, name: string): number | undefined {
  return childrenOf(parent).find((pid) => readOrNothing(`/proc/${pid}/comm`).trim() === name);
}
