import { quoted } from '../domain/delivery/found.ts';
import { parseDuration } from '../domain/duration.ts';
import type { InputReader } from './inputs.ts';

/** An input that may be left out: `fallback` then. `parse` gives undefined for what is not `expected`. */
export function optional<T, F>(
  expected: string,
  parse: (text: string) => T | undefined,
  fallback: F,
): InputReader<T | F> {
  return {
    secret: false,
    read(text) {
      if (text === '') return { value: fallback };
      const value = parse(text);
      return value === undefined ? { problem: `${quoted(text)} is not ${expected}` } : { value };
    },
  };
}

/** An input that must be given. */
export function required<T>(expected: string, parse: (text: string) => T | undefined): InputReader<T> {
  const given = optional(expected, parse, undefined);
  return {
    secret: false,
    read(text) {
      if (text === '') return { problem: `is required: give ${expected}` };
      return given.read(text) as { value: T } | { problem: string };
    },
  };
}

export function boolean(fallback: boolean): InputReader<boolean> {
  return optional('true or false', (text) => (text === 'true' ? true : text === 'false' ? false : undefined), fallback);
}

export function oneOf<const Choice extends string>(choices: readonly Choice[], fallback: Choice): InputReader<Choice> {
  return optional(`one of ${choices.join(', ')}`, (text) => choices.find((choice) => choice === text), fallback);
}

/** A name of delivery.yaml: of an image, a project. */
export function name(fallback: string): InputReader<string> {
  return optional('a name of delivery.yaml', (text) => (/^[\w.-]{1,63}$/.test(text) ? text : undefined), fallback);
}

/** What a timer can wait for: Node's take 2^31 - 1 ms and fire at once above that. */
const maxDurationMs = 24 * 3_600_000;

/** `10m`, `1h30m`, at most 24h: milliseconds. */
export function duration<Fallback extends number | undefined>(fallbackMs: Fallback): InputReader<number | Fallback> {
  const parse = (text: string): number | undefined => {
    const ms = parseDuration(text);
    return ms !== undefined && ms <= maxDurationMs ? ms : undefined;
  };
  return optional('a duration of at most 24h, such as 90s, 10m or 1h30m', parse, fallbackMs);
}

/** One item a line; empty lines are left out. */
export function lines(): InputReader<readonly string[]> {
  return optional('a list', splitLines, []);
}

/** Names, one a line or with commas between them: a form has only one line. */
export function names(): InputReader<readonly string[]> {
  return optional('a list of names', (given) => splitLines(given.replaceAll(',', '\n')), []);
}

/** Lines `KEY=value`; the value may hold anything but a line feed. Keys are checked by `pattern`. */
export function pairs(pattern: RegExp, expected: string): InputReader<ReadonlyMap<string, string>> {
  return {
    secret: false,
    read(text) {
      const map = new Map<string, string>();
      for (const line of splitLines(text)) {
        const equals = line.indexOf('=');
        const key = equals < 0 ? line : line.slice(0, equals);
        if (equals < 1 || !pattern.test(key)) return { problem: `line ${quoted(key)} is not ${expected}` };
        if (map.has(key)) return { problem: `${quoted(key)} is given twice` };
        map.set(key, line.slice(equals + 1));
      }
      return { value: map };
    },
  };
}

/** The same input, masked in all output before anything else is done. Its value is never shown in a message. */
export function secret<T>(reader: InputReader<T>): InputReader<T> {
  return {
    secret: true,
    read(text) {
      const answer = reader.read(text);
      return 'problem' in answer && text !== ''
        ? { problem: 'is not what was expected (the value is secret and not shown)' }
        : answer;
    },
  };
}

/** Any text; empty when it is not given. */
export function text(): InputReader<string> {
  return optional('a text', (given) => given, '');
}

function splitLines(given: string): string[] {
  return given
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
