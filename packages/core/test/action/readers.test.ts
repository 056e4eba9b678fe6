import type { InputReader } from '../../src/action/inputs.ts';
import { quoted } from '../../src/domain/delivery/found.ts';
import {
  boolean,
  duration,
  lines,
  names,
  oneOf,
  optional,
  pairs,
  required,
  secret,
  text,
} from '../../src/action/readers.ts';

function value<T>(reader: InputReader<T>, given: string): T {
  const answer = reader.read(given);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer.value;
}

function problem(reader: InputReader<unknown>, given: string): string {
  const answer = reader.read(given);
  if ('value' in answer) throw new Error(`was taken for ${String(answer.value)}`);
  return answer.problem;
}

const digits = (given: string) => (/^\d+$/.test(given) ? Number(given) : undefined);

describe('optional and required', () => {
  test('an optional input left out is its default, which is not parsed', () => {
    expect(value(optional('digits', digits, 'none'), '')).toBe('none');
  });

  test('an input that parses to 0 is given, not left out', () => {
    expect(value(optional('digits', digits, 7), '0')).toBe(0);
    expect(value(required('digits', digits), '0')).toBe(0);
  });

  test('what does not parse is shown with what was expected', () => {
    expect(problem(optional('digits', digits, 1), 'x')).toBe('"x" is not digits');
    expect(problem(required('digits', digits), 'x')).toBe('"x" is not digits');
  });

  test('a required input left out is asked for', () => {
    expect(problem(required('digits', digits), '')).toBe('is required: give digits');
  });
});

describe('boolean', () => {
  test.each([
    ['true', true],
    ['false', false],
    ['', true],
  ])('%j is %s where true is the default', (given, expected) => {
    expect(value(boolean(true), given)).toBe(expected);
  });

  test.each(['True', 'TRUE', 'yes', '1', 'on'])('%s is refused rather than guessed', (given) => {
    expect(problem(boolean(false), given)).toBe(`"${given}" is not true or false`);
  });
});

describe('one of', () => {
  const reader = oneOf(['start', 'completion'], 'start');

  test('takes a choice, or the default', () => {
    expect(value(reader, 'completion')).toBe('completion');
    expect(value(reader, '')).toBe('start');
  });

  test.each(['Start', 'constructor', 'start,completion'])('names the choices when it is %s', (given) => {
    expect(problem(reader, given)).toBe(`"${given}" is not one of start, completion`);
  });
});

test('a duration is given in milliseconds', () => {
  expect(value(duration(5_000), '1m30s')).toBe(90_000);
  expect(value(duration(5_000), '')).toBe(5_000);
  expect(value(duration(5_000), '24h')).toBe(86_400_000);
  expect(problem(duration(5_000), '25h')).toContain('is not a duration of at most 24h');
  expect(problem(duration(5_000), '5 minutes')).toContain('is not a duration of at most 24h');
});

test('lines are trimmed, empty ones left out, carriage returns too', () => {
  expect(value(lines(), 'one\r\n\n  two words  \n')).toEqual(['one', 'two words']);
  expect(value(lines(), '')).toEqual([]);
  expect(value(names(), 'one, two\nthree,')).toEqual(['one', 'two', 'three']);
});

test('a text is taken as it is', () => {
  expect(value(text(), '::warning::x')).toBe('::warning::x');
  expect(value(text(), '')).toBe('');
});

describe('pairs', () => {
  const reader = pairs(/^[A-Z_]+$/, 'KEY=value with a key of capitals');

  test('keep their order, and everything after the first equals sign', () => {
    expect([...value(reader, 'B=x=y\n\nA=\nC=$(id) `id`')]).toEqual([
      ['B', 'x=y'],
      ['A', ''],
      ['C', '$(id) `id`'],
    ]);
    expect(value(reader, '').size).toBe(0);
  });

  test.each([
    ['A', '"A"'],
    ['=x', '"=x"'],
    ['a=x', '"a"'],
    ['A=1\n--push=x', '"--push"'],
  ])('name the line of %j that is none', (given, shown) => {
    expect(problem(reader, given)).toMatch(/is not KEY=value with a key of capitals$/);
    if (!given.startsWith('=')) expect(problem(reader, given)).toContain(shown);
  });

  test('refuse a key given twice', () => {
    expect(problem(reader, 'A=1\nB=2\nA=3')).toBe('"A" is given twice');
  });
});

describe('secret', () => {
  test('reads like the input that it wraps and is marked as secret', () => {
    expect(value(secret(text()), 'hunter22')).toBe('hunter22');
    expect([secret(text()).secret, text().secret]).toEqual([true, false]);
  });

  test('does not show its value', () => {
    expect(problem(secret(boolean(false)), 'hunter22')).not.toContain('hunter22');
  });
});

describe('a value in a message', () => {
  test('is quoted, on one line', () => {
    expect(quoted('a"b\n::error::c')).toBe('"a\\"b\\n::error::c"');
  });

  test('is cut after eighty characters', () => {
    expect(quoted('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
    expect(quoted('x'.repeat(81))).toBe(`"${'x'.repeat(80)}…"`);
  });
});
