import type { InputSource } from '../../src/action/inputs.ts';
import { readInputs } from '../../src/action/inputs.ts';
import { boolean, duration, oneOf, required, secret, text } from '../../src/action/readers.ts';
import { parseBuildNumber } from '../../src/domain/build.ts';
import { InputError } from '../../src/errors/errors.ts';

/** Inputs by name; keeps what was masked, and what had been read by then. */
class Given implements InputSource {
  readonly masked: string[] = [];
  readonly order: string[] = [];
  readonly #values: Readonly<Record<string, string>>;

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = values;
  }

  get(name: string): string {
    this.order.push(`get ${name}`);
    return this.#values[name] ?? '';
  }

  mask(value: string): void {
    this.order.push('mask');
    this.masked.push(value);
  }
}

const spec = {
  image: required('the name of an image', (name) => name),
  build: required('a build number', parseBuildNumber),
  timeout: duration(600_000),
  'on-failure': oneOf(['rollback', 'leave'], 'rollback'),
  force: boolean(false),
} as const;

test('gives every input, with the defaults of those left out', () => {
  const inputs = readInputs(spec, new Given({ image: 'web', build: '412', timeout: '1h30m' }));
  expect(inputs).toEqual({ image: 'web', build: 412, timeout: 5_400_000, 'on-failure': 'rollback', force: false });
});

test('leaves space around a value out', () => {
  expect(readInputs(spec, new Given({ image: ' web\n', build: '\t412 ' }))).toMatchObject({ image: 'web', build: 412 });
});

test('tells all that is wrong at once, by name, with what was found and what was expected', () => {
  const given = new Given({ build: 'latest-412', timeout: '90', 'on-failure': 'undo', force: 'yes' });
  const act = () => readInputs(spec, given);
  expect(act).toThrow(InputError);
  expect(act).toThrow(
    [
      'image: is required: give the name of an image',
      'build: "latest-412" is not a build number',
      'timeout: "90" is not a duration of at most 24h, such as 90s, 10m or 1h30m',
      'on-failure: "undo" is not one of rollback, leave',
      'force: "yes" is not true or false',
    ].join('\n'),
  );
});

describe('inputs that have to fit together', () => {
  const together = () => [{ field: 'force', message: 'needs a reason' }];

  test('are told as a problem of their own', () => {
    expect(() => readInputs(spec, new Given({ image: 'web', build: '1' }), together)).toThrow('force: needs a reason');
  });

  test('are not looked at before each alone is right', () => {
    let looked = false;
    const check = () => {
      looked = true;
      return [];
    };
    expect(() => readInputs(spec, new Given({ image: 'web', build: 'x' }), check)).toThrow('build: "x"');
    expect(looked).toBe(false);
  });
});

describe('secrets', () => {
  const secrets = { name: text(), password: secret(text()), kubeconfig: secret(text()) };

  test('are masked before any input is read', () => {
    const given = new Given({ name: 'a', password: 'hunter22' });
    readInputs(secrets, given);
    expect(given.order.lastIndexOf('mask')).toBeLessThan(given.order.indexOf('get name'));
  });

  test('are masked whole, line by line, and in base64', () => {
    const given = new Given({ kubeconfig: 'first: line\n  second: line\n' });
    readInputs(secrets, given);
    expect(given.masked).toEqual([
      'first: line\n  second: line\n',
      'first: line',
      'second: line',
      Buffer.from('first: line\n  second: line\n').toString('base64'),
      Buffer.from('first: line\n  second: line').toString('base64'),
    ]);
  });

  test('are masked even when the other inputs are wrong', () => {
    const given = new Given({ password: 'hunter22', build: 'x' });
    expect(() => readInputs({ ...spec, ...secrets }, given)).toThrow(InputError);
    expect(given.masked).toContain('hunter22');
  });

  test('are not masked by their short lines, which would blot out the log', () => {
    const given = new Given({ kubeconfig: 'longer line\n-\na: \n' });
    readInputs(secrets, given);
    expect(given.masked).not.toContain('-');
    expect(given.masked).not.toContain('a:');
  });

  test.each(['', ' \n'])('mask nothing when %j is given', (value) => {
    const given = new Given({ password: value });
    readInputs(secrets, given);
    expect(given.masked).toEqual([]);
  });

  test('are never shown when they are wrong', () => {
    const wrong = { token: secret(required('a number', parseBuildNumber)) };
    const act = () => readInputs(wrong, new Given({ token: 'hunter22' }));
    expect(act).toThrow(/^token: .*not shown/);
    expect(act).not.toThrow(/hunter22/);
  });
});
