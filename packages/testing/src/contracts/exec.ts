import { CommandError } from '@delivery/core/errors/errors';
import type { Exec } from '@delivery/core/ports/exec';

/**
 * What every Exec does. `folder` is a folder that exists. Each subject offers these programs:
 * - `say` prints each argument on a line of its own;
 * - `complain` prints its first argument to standard error and ends with exit code 3;
 * - `copy` prints its standard input;
 * - `reveal` prints the variable CONTRACT_VALUE;
 * - `where` prints the folder it runs in;
 * - `progress` prints `10%`, `20%` and `100%`, each but the last followed by a carriage return, then `done`;
 * - `flood` prints a line of 100,000 characters `x`, then a line `end`;
 * - `wait` prints `waiting` and never ends by itself.
 */
export function describeExec(name: string, exec: Exec, folder: string): void {
  const never = new AbortController().signal;

  describe(`${name} as Exec`, () => {
    it('finds a program of PATH and says when there is none', async () => {
      expect(await exec.find('say')).toMatch(/^\/.*\/say$/);
      expect(await exec.find('no-such-program')).toBeUndefined();
    });

    it('passes arguments as they are, without a shell', async () => {
      const args = ['two words', '$HOME', '`id`', '"quoted"', '*', '--', ''];
      const { exitCode, stdout } = await exec.run('say', args, { signal: never });
      expect(exitCode).toBe(0);
      expect(stdout).toBe(args.map((arg) => `${arg}\n`).join(''));
    });

    it('gives any exit code and keeps the streams apart', async () => {
      expect(await exec.run('complain', ['no good'], { signal: never })).toEqual({
        exitCode: 3,
        stdout: '',
        stderr: 'no good\n',
      });
    });

    it('writes the input and closes it', async () => {
      expect(await exec.run('copy', [], { signal: never, input: 'one\ntwo' })).toMatchObject({ stdout: 'one\ntwo' });
      expect(await exec.run('copy', [], { signal: never })).toMatchObject({ exitCode: 0, stdout: '' });
    });

    it('adds to the environment and runs in the folder given', async () => {
      expect(await exec.run('reveal', [], { signal: never, env: { CONTRACT_VALUE: 'a b' } })).toMatchObject({
        stdout: 'a b\n',
      });
      expect(await exec.run('where', [], { signal: never, cwd: folder })).toMatchObject({ stdout: `${folder}\n` });
    });

    it('gives the lines of both streams as they come', async () => {
      const lines: string[] = [];
      const onLine = (line: string) => void lines.push(line);
      await exec.run('say', ['one', 'grüße'], { signal: never, onLine });
      await exec.run('complain', ['two'], { signal: never, onLine });
      expect(lines).toEqual(['one', 'grüße', 'two']);
    });

    it('gives of a progress bar the last state only', async () => {
      const lines: string[] = [];
      await exec.run('progress', [], { signal: never, onLine: (line) => void lines.push(line) });
      expect(lines).toEqual(['100%', 'done']);
    });

    it('cuts lines that are too long and keeps the last 64 KiB of a stream', async () => {
      const lines: string[] = [];
      const { stdout } = await exec.run('flood', [], { signal: never, onLine: (line) => void lines.push(line) });
      expect(Buffer.byteLength(stdout)).toBe(64 * 1024);
      expect(stdout.endsWith('xxx\nend\n')).toBe(true);
      expect(Math.max(...lines.map((line) => line.length))).toBe(8 * 1024);
      expect(lines.slice(0, -1).join('')).toHaveLength(100_000);
    });

    it('refuses a program that is not there', async () => {
      await expect(exec.run('no-such-program', [], { signal: never })).rejects.toThrow(CommandError);
    });

    it('starts nothing when the signal is aborted already', async () => {
      const reason = new Error('cancelled before');
      await expect(exec.run('say', ['one'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    it('rejects with the reason of the signal when it is aborted, after lines were given at once', async () => {
      const controller = new AbortController();
      const reason = new Error('cancelled');
      const onLine = (line: string) => {
        if (line === 'waiting') controller.abort(reason);
      };
      await expect(exec.run('wait', [], { signal: controller.signal, onLine })).rejects.toBe(reason);
    });
  });
}
