import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from './run.ts';

const attemptFiles = ['run.json', 'log.txt', 'log.jsonl', 'summary.md', 'annotations.json'];

/** The runs as folders, `DIR/ID/`: the newest attempt's files lie there, those of earlier ones in `attempt-N/`. */
export class RunStore {
  readonly #dir: string;
  readonly #runs = new Map<number, Run>();

  /** What a stand-in that was killed left unfinished is a failure. */
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
    for (const id of readdirSync(dir)
      .map(Number)
      .sort((a, b) => a - b)) {
      const run = JSON.parse(readFileSync(this.file(id, 'run.json'), 'utf8')) as Run;
      this.#runs.set(id, run);
      if (run.status === 'completed') continue;
      Object.assign(run, { status: 'completed', conclusion: 'failure', problem: 'the stand-in was stopped' });
      this.save(run);
    }
  }

  dir(id: number): string {
    return join(this.#dir, String(id));
  }

  file(id: number, name: string): string {
    return join(this.dir(id), name);
  }

  /** The text of one of a run's files; empty while there is none. */
  read(id: number, name: string): string {
    const file = this.file(id, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  get(id: number): Run | undefined {
    return this.#runs.get(id);
  }

  /** Newest first. */
  list(repository: string): Run[] {
    return [...this.#runs.values()].filter((run) => run.repository === repository).reverse();
  }

  nextId(): number {
    return Math.max(0, ...this.#runs.keys()) + 1;
  }

  nextNumber(repository: string, path: string): number {
    const numbers = this.list(repository)
      .filter((run) => run.workflow.path === path)
      .map((run) => run.runNumber);
    return Math.max(0, ...numbers) + 1;
  }

  add(run: Run, event: object): void {
    mkdirSync(this.dir(run.id), { recursive: true });
    writeFileSync(this.file(run.id, 'event.json'), `${JSON.stringify(event, null, 2)}\n`);
    this.#runs.set(run.id, run);
    this.save(run);
  }

  save(run: Run): void {
    const file = this.file(run.id, 'run.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }

  /** Puts the files of the attempt that is over aside. */
  archive({ id, attempt }: Run): void {
    const past = this.file(id, `attempt-${attempt}`);
    mkdirSync(past);
    for (const name of attemptFiles)
      if (existsSync(this.file(id, name))) renameSync(this.file(id, name), join(past, name));
  }
}
