import { runnerExec } from '@delivery/core/adapters/exec';
import { describeExec } from '@delivery/testing/contracts/exec';
import type { FakeProgram } from '@delivery/testing/fake-exec';
import { fakeExec } from '@delivery/testing/fake-exec';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'exec-test-')));
const path = process.env['PATH'] ?? '';
// A number that no other process has in its command line.
const mark = `47${process.pid}`;
const never = new AbortController().signal;

function install(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

install('say', 'for arg in "$@"; do printf "%s\\n" "$arg"; done');
install('complain', 'printf "%s\\n" "$1" >&2; exit 3');
install('copy', 'exec cat');
install('reveal', 'printf "%s\\n" "$CONTRACT_VALUE"');
install('where', 'pwd');
install('progress', 'printf "10%%\\r20%%\\r"; printf "100%%\\ndone\\n"');
install('flood', 'head -c 100000 /dev/zero | tr "\\0" x; printf "\\nend\\n"');
install('wait', 'echo waiting; while :; do sleep 60; done');
process.env['PATH'] = `${folder}:${path}`;

afterAll(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

const fakes: Record<string, FakeProgram> = {
  say({ args, stdout }) {
    for (const arg of args) stdout(`${arg}\n`);
    return 0;
  },
  complain({ args, stderr }) {
    stderr(`${args[0]}\n`);
    return 3;
  },
  copy({ input, stdout }) {
    stdout(input ?? '');
    return 0;
  },
  reveal({ env, stdout }) {
    stdout(`${env['CONTRACT_VALUE']}\n`);
    return 0;
  },
  where({ cwd, stdout }) {
    stdout(`${cwd}\n`);
    return 0;
  },
  progress({ stdout }) {
    stdout('10%\r20%\r');
    stdout('100%\ndone\n');
    return 0;
  },
  flood({ stdout }) {
    stdout('x'.repeat(100_000));
    stdout('\nend\n');
    return 0;
  },
  wait({ stdout }) {
    stdout('waiting\n');
    return new Promise<never>(() => undefined);
  },
};

describeExec('the fake', fakeExec(fakes), folder);
describeExec('the adapter', runnerExec, folder);

/** Processes whose command line holds the text. */
function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}

/** Runs a script and aborts at the line that it prints when it is ready; gives the time until the rejection, in ms. */
async function abortWhenReady(script: string): Promise<number> {
  install('stubborn', script);
  const controller = new AbortController();
  let aborted = 0;
  const onLine = (line: string) => {
    if (line !== 'ready') return;
    aborted = performance.now();
    controller.abort(new Error('cancelled'));
  };
  await expect(runnerExec.run('stubborn', [], { signal: controller.signal, onLine })).rejects.toThrow('cancelled');
  return performance.now() - aborted;
}

describe('the adapter of Exec', () => {
  afterEach(() => {
    expect(processesOf(mark)).toEqual([]);
  });

  it('ends the program and its children and grandchildren when it is aborted', async () => {
    const time = await abortWhenReady(
      `sh -c "sh -c \\"sleep ${mark}\\" & sleep ${mark}" & sleep ${mark} & echo ready; wait`,
    );
    expect(time).toBeLessThan(2_000);
  });

  it('lets a program tidy up when its children have ended', async () => {
    await abortWhenReady(`sleep ${mark} & echo ready; wait; echo yes > "${join(folder, 'tidied')}"`);
    expect(readFileSync(join(folder, 'tidied'), 'utf8')).toBe('yes\n');
  });

  it('kills within 3 s what does not listen to SIGTERM', async () => {
    const time = await abortWhenReady(
      `trap "" TERM; sh -c "trap \\"\\" TERM; sleep ${mark}; sleep ${mark}" & echo ready; while :; do sleep ${mark}; done`,
    );
    expect(time).toBeLessThan(3_000);
  });

  it('ends children that left the session or were given an empty environment', async () => {
    await abortWhenReady(
      `setsid sleep ${mark} & env -i /bin/sleep ${mark} & env -i /bin/sh -c "/bin/sleep ${mark} & wait" & sleep 0.2; echo ready; wait`,
    );
  });

  it('ends a program that is aborted while it starts', async () => {
    install('stubborn', `sleep ${mark}`);
    const controller = new AbortController();
    const running = runnerExec.run('stubborn', [], { signal: controller.signal });
    controller.abort(new Error('at once'));
    await expect(running).rejects.toThrow('at once');
  });

  it('leaves the processes of other runs alone', async () => {
    install('other', 'echo begun; sleep 0.8; echo finished');
    const other = runnerExec.run('other', [], { signal: never });
    await abortWhenReady(`sleep ${mark} & echo ready; wait`);
    expect(await other).toMatchObject({ exitCode: 0, stdout: 'begun\nfinished\n' });
  });

  it('prints nothing by itself, neither the command nor its output', async () => {
    install('commander', 'echo "::set-output name=a::b"; echo "::error::no" >&2');
    install('outer', `exec "${process.execPath}" --conditions=source --input-type=module -e "$SCRIPT"`);
    const script = `import { runnerExec } from '${new URL('../../src/adapters/exec.ts', import.meta.url).href}';
      await runnerExec.run('commander', ['secret'], { signal: new AbortController().signal });`;
    expect(await runnerExec.run('outer', [], { signal: never, env: { SCRIPT: script } })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });

  it("keeps the action's own inputs from the program", async () => {
    process.env['INPUT_REGISTRY-PASSWORD'] = 'canary';
    install('list', 'env');
    const { stdout } = await runnerExec.run('list', [], { signal: never });
    delete process.env['INPUT_REGISTRY-PASSWORD'];
    expect(stdout).toContain('PATH=');
    expect(stdout).not.toContain('canary');
  });

  it('gives 128 for a program that a signal has ended', async () => {
    install('suicide', 'kill -9 $$');
    expect(await runnerExec.run('suicide', [], { signal: never })).toMatchObject({ exitCode: 128 });
  });

  it.each([
    ['a NUL character', ['a\0b'], /NUL/],
    ['128 KiB', ['x'.repeat(128 * 1024)], /128 KiB/],
  ])('refuses an argument with %s', async (_, args, hint) => {
    await expect(runnerExec.run('say', args, { signal: never })).rejects.toMatchObject({
      code: 'command',
      hint: expect.stringMatching(hint),
    });
  });

  it('survives a program that does not read its input', async () => {
    const exits = await Promise.all(
      Array.from({ length: 20 }, () => runnerExec.run('true', [], { signal: never, input: 'x'.repeat(200_000) })),
    );
    expect(exits.map(({ exitCode }) => exitCode)).toEqual(exits.map(() => 0));
  });

  it('refuses a folder that is not there', async () => {
    await expect(runnerExec.run('say', [], { signal: never, cwd: '/no/such/folder' })).rejects.toMatchObject({
      code: 'command',
    });
  });

  it('runs a program whose path holds spaces and quotes', async () => {
    install('a "b" c', 'echo yes');
    expect(await runnerExec.run(join(folder, 'a "b" c'), [], { signal: never })).toMatchObject({ stdout: 'yes\n' });
  });
});
