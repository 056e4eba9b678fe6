import { randomOf } from '@delivery/testing/random';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import { payload } from '../src/payload.ts';
import { directory, Stage } from './stage.ts';

describe('the payload of a call', () => {
  it.each([
    ['', undefined],
    ['{}', { 'data-origin': undefined, 'request-id': undefined, force: undefined }],
    [
      '{"data-origin":"2026-09-15T16","request-id":"a1","force":true}',
      { 'data-origin': '2026-09-15T16', 'request-id': 'a1', force: true },
    ],
    ['{"force": false}', { 'data-origin': undefined, 'request-id': undefined, force: false }],
  ])('%s is read', (text, value) => {
    expect(payload.read(text)).toEqual({ value });
  });

  it('is refused with everything that is wrong with it in one message', () => {
    const text = '{"data-orign": 1, "request-id": "a b", "force": "yes", "data-origin": "2026-02-30T10"}';
    expect(payload.read(text)).toEqual({
      problem: [
        '"data-orign" is not a key of it; did you mean "data-origin"?',
        '"request-id" is "a b", which is not an id of 1 to 64 letters, digits, dots, underscores and hyphens that begins with a letter or digit',
        '"force" is "yes", which is not true or false',
        '"data-origin" is "2026-02-30T10", which is not the name of a data directory, a real date and hour such as 2026-09-15T16',
      ].join('; '),
    });
  });

  it.each([
    ['{"branch": "main"}', '"branch" is not a key of it; known are data-origin, request-id, force'],
    ['{"force": null}', '"force" is null, which is not true or false'],
    ['{"data-origin": {"a": [1]}}', '"data-origin" is {"a":[1]}, which is not'],
    ['{"data-origin": null}', '"data-origin" is null'],
    ['{"__proto__": {"force": true}}', '"__proto__" is not a key of it'],
  ])('%s is refused: %s', (text, problem) => {
    expect(payload.read(text)).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  it('is refused with a bounded message, however much is wrong', () => {
    const many = JSON.stringify(Object.fromEntries([...Array(400).keys()].map((key) => [`k${key}`, 1])));
    const read = payload.read(many);
    expect('problem' in read && read.problem).toMatch(/; and 390 more$/);
    expect('problem' in read && read.problem.length).toBeLessThan(1_000);
  });
});

/** The schema once more, in other words: JSON Schema, the lengths of months, and another reader that minds doubled keys. */
const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    'data-origin': { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]T([01][0-9]|2[0-3])$' },
    'request-id': { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
    force: { type: 'boolean' },
  },
};
const fits = new Ajv({ strict: false }).compile(schema);

function isAllowed(text: string): boolean {
  if (Buffer.byteLength(text) > 4096) return false;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  // A call without a payload.
  if (value === null) return true;
  if (!fits(value)) return false;
  const origin = (value as Record<string, unknown>)['data-origin'];
  if (typeof origin === 'string' && !isDay(origin)) return false;
  return !parseDocument(text, { uniqueKeys: true }).errors.some(({ code }) => code === 'DUPLICATE_KEY');
}

function isDay(name: string): boolean {
  const [year = 0, month = 0, day = 0] = name.slice(0, 10).split('-').map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

class Generator {
  readonly #next = randomOf(20260915);

  upTo(count: number): number {
    return Math.floor(this.#next() * count);
  }

  one<T>(of: readonly T[]): T {
    return of[this.upTo(of.length)]!;
  }

  some(most: number, of: readonly string[]): string {
    return [...Array(this.upTo(most + 1))].map(() => this.one(of)).join('');
  }

  text(): string {
    return this.one([
      ...['', 'a1', '2026-09-15T16', '-a', '..', '../x', 'é', '\u0000', '\u2028', '\ud800', '::error::x', '${{ x }}'],
      this.some(70, ['a', 'Z', '0', '.', '_', '-']),
      this.some(12, ['0', '9', 'T', '-', ' ']),
      this.some(8, ['日', '𝒳', '\n', '"', '\\', '/', '{', '}']),
    ]);
  }

  day(): string {
    const two = (most: number) => String(this.upTo(most)).padStart(2, '0');
    return `${this.one(['2024', '2026', '1900', '0099'])}-${two(14)}-${two(33)}T${two(26)}`;
  }

  value(depth = 0): unknown {
    const nested = depth < 3 ? [() => [this.value(depth + 1)], () => ({ [this.text()]: this.value(depth + 1) })] : [];
    const make = this.one<() => unknown>([
      ...[() => this.text(), () => this.day(), () => true, () => false, () => null],
      ...[() => this.upTo(1e9), () => -0.5, ...nested],
    ]);
    return make();
  }

  member(): string {
    const key = this.one(['data-origin', 'request-id', 'force', 'data-orign', '__proto__', 'constructor', this.text()]);
    const right: Record<string, unknown> = {
      'data-origin': this.day(),
      'request-id': this.one(['a1', this.some(70, ['a', '7', '.', '_', '-'])]),
      force: this.one([true, false]),
    };
    const value = this.upTo(3) > 0 && Object.hasOwn(right, key) ? right[key] : this.value();
    return `${JSON.stringify(key)}:${this.one(['', ' ', '\n'])}${JSON.stringify(value)}`;
  }

  right(): string {
    const members = [
      `"data-origin": "${this.day()}"`,
      `"request-id":"a${this.some(63, ['b', '.', '9'])}"`,
      '"force":true',
    ];
    return `{${members.filter(() => this.upTo(2) === 0).join(',')}}`;
  }

  payload(): string {
    const object = `{${[...Array(this.upTo(4))].map(() => this.member()).join(',')}}`;
    const kind = this.upTo(20);
    if (kind < 7) return this.right();
    if (kind === 7) return JSON.stringify(this.value());
    if (kind === 8) return `[${object}]`;
    if (kind === 9) return object.slice(0, this.upTo(object.length));
    if (kind === 10) return `${object.slice(0, -1)},"force":true,"force":${this.one(['true', 'false', '1'])}}`;
    if (kind === 11) return `${object.slice(0, -1)}${' '.repeat(4_050 + this.upTo(100))}}`;
    if (kind === 12) return this.text().trim();
    return object;
  }
}

it('is read or refused, before anything is asked, as its schema says: 10,000 payloads', async () => {
  const generator = new Generator();
  const stage = new Stage();
  stage.found = [directory('2026-09-15T16')];
  const seen = { taken: 0, refused: 0 };
  const wrong: unknown[] = [];
  for (let count = 0; count < 10_000; count += 1) {
    const text = generator.payload().trim();
    if (text === '') continue;
    const before = stage.requests;
    const outcome: Told = await stage
      .start({ root: '/data', payload: text })
      .catch((caught: unknown) => caught as Told);
    const refused = outcome.code === 'input';
    if (refused === isAllowed(text)) wrong.push({ text, refused });
    if (refused && stage.requests > before) wrong.push({ text, requests: stage.requests - before });
    if (!refused && outcome.outputs?.['request-id'] !== idIn(text)) wrong.push({ text, outcome });
    seen[refused ? 'refused' : 'taken'] += 1;
  }
  expect(wrong).toEqual([]);
  expect(seen.taken).toBeGreaterThan(1_000);
  expect(seen.refused).toBeGreaterThan(3_000);
  expect(stage.connected).toEqual([]);
}, 60_000);

interface Told {
  readonly code?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

function idIn(text: string): unknown {
  return (JSON.parse(text) as Record<string, unknown> | null)?.['request-id'] ?? '';
}
