import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One session of bash in which the blocks of a guide are run; a command that fails ends it, which a reader would see as well. */
export class GuideShell {
  readonly #bash: ChildProcessWithoutNullStreams;
  readonly #dir: string;
  readonly #ended: Promise<never>;
  #output = '';
  #blocks = 0;

  constructor(dir: string, env: Readonly<Record<string, string>>) {
    this.#dir = dir;
    this.#bash = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail'], { cwd: dir, env });
    for (const stream of [this.#bash.stdout, this.#bash.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#ended = new Promise<never>((_, reject) => {
      this.#bash.on('error', reject);
      this.#bash.on('close', (code) =>
        reject(new Error(`the shell ended with ${code}:\n${this.#output.slice(-6000)}`)),
      );
    });
    this.#ended.catch(() => undefined);
  }

  /** Everything that was printed. */
  get output(): string {
    return this.#output;
  }

  /** Gives what the block has printed. */
  async run(block: string): Promise<string> {
    const [number, start] = [(this.#blocks += 1), this.#output.length];
    const file = join(this.#dir, `block-${number}.sh`);
    const mark = `\nend of block ${number}\n`;
    writeFileSync(file, block, { mode: 0o600 });
    const marked = new Promise<string>((resolve) => {
      const look = (): void => {
        const end = this.#output.indexOf(mark, start);
        if (end < 0) return;
        this.#bash.stdout.off('data', look);
        resolve(this.#output.slice(start, end));
      };
      this.#bash.stdout.on('data', look);
    });
    this.#bash.stdin.write(`. '${file}' </dev/null\nprintf '${mark.replaceAll('\n', '\\n')}'\n`);
    return Promise.race([marked, this.#ended]);
  }

  async stop(): Promise<void> {
    this.#bash.stdin.end();
    this.#bash.kill();
    await this.#ended.catch(() => undefined);
  }
}
