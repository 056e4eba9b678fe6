import { runnerLog } from '@delivery/core/adapters/runner-log';
import { randomOf } from '@delivery/testing/random';
import { commandsIn } from '@delivery/testing/runner-commands';

const namesIn = (output: string): string[] => commandsIn(output).map(({ name }) => name);

function printed(print: (log: ReturnType<typeof runnerLog>) => void): string {
  let output = '';
  print(runnerLog((text) => (output += text)));
  return output;
}

describe('the log on GitHub’s runner', () => {
  it('recognises commands in what is printed without care, so that this test can fail', () => {
    expect(namesIn('a\r  ::add-mask::x\nb ##[error]y\n::stop-commands::t\n::error::z\n::t::\n')).toEqual([
      'add-mask',
      'error',
    ]);
  });

  it('issues no command for 10,000 hostile lines', () => {
    const pieces = [
      '::add-mask::x',
      '##[error]',
      '\r',
      '\n',
      '\r\n',
      ' ',
      '\t',
      '\x1b[2K',
      '\x1b]0;t\x07',
      '::stop-commands::',
      '::abc::',
      '\u2028',
      '\u0085',
      'text',
      '::set-output name=a::b',
      '::',
      '#',
      '[',
      ':',
    ];
    const next = randomOf(42);
    for (let i = 0; i < 10_000; i += 1) {
      const length = 1 + Math.floor(next() * 8);
      const text = Array.from({ length }, () => pieces[Math.floor(next() * pieces.length)]).join('');
      expect(namesIn(printed((log) => (i % 2 ? log.outside(text) : log.info(text))))).toEqual([]);
    }
  });

  it('takes a new token of 128 bits each time', () => {
    const token = () => /stop-commands::([0-9a-f]{32})\n/.exec(printed((log) => log.outside('::error::x')))?.[1];
    expect(token()).toBeDefined();
    expect(token()).not.toBe(token());
  });

  it('prints harmless text as it is, on lines of its own', () => {
    expect(printed((log) => log.outside('50 % done\r100 % done'))).toBe('50 % done\n100 % done\n');
  });
});
