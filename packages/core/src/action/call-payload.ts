import { quoted } from '../domain/delivery/found.ts';
import { suggest } from '../domain/delivery/nearest.ts';
import { readJsonObject, shownJson } from '../domain/json-object.ts';
import type { InputReader } from './inputs.ts';

/** One key of a call: what it has to be, for the message, and its value; undefined for what it is not. */
export interface CallKey<T> {
  readonly expected: string;
  readonly parse: (value: unknown) => T | undefined;
}

export type CallSpec = Readonly<Record<string, CallKey<unknown>>>;

/** Every key may be left out. */
export type CallOf<Spec extends CallSpec> = {
  readonly [Key in keyof Spec]: (Spec[Key] extends CallKey<infer T> ? T : never) | undefined;
};

const maxBytes = 4 * 1024;
/** More problems than these help nobody. */
const shownProblems = 10;

/**
 * Reads the JSON text of a repository_dispatch's client_payload; empty: there was no call. Anybody who may dispatch wrote it: keys
 * that `spec` does not know, a key given twice, wrong values and more than 4 KiB are refused, all that is wrong in one message.
 */
export function callPayload<const Spec extends CallSpec>(spec: Spec): InputReader<CallOf<Spec> | undefined> {
  return {
    secret: false,
    read(text) {
      if (text === '') return { value: undefined };
      // What GitHub gives for a call without a payload.
      const read = readJsonObject(text === 'null' ? '{}' : text, maxBytes);
      if ('problem' in read) return read;
      const problems = [...read.entries].flatMap(([key, value]) => problemOf(key, value, spec) ?? []);
      if (problems.length > 0) return { problem: together(problems) };
      const call = Object.entries(spec).map(([key, { parse }]) => {
        const value = read.entries.get(key);
        return [key, value === undefined ? undefined : parse(value)];
      });
      return { value: Object.fromEntries(call) as CallOf<Spec> };
    },
  };
}

/** A key whose value is a text. */
export function textKey<T>(expected: string, parse: (text: string) => T | undefined): CallKey<T> {
  return { expected, parse: (value) => (typeof value === 'string' ? parse(value) : undefined) };
}

export const booleanKey: CallKey<boolean> = {
  expected: 'true or false',
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};

function problemOf(key: string, value: unknown, spec: CallSpec): string | undefined {
  const known = Object.hasOwn(spec, key) ? spec[key] : undefined;
  if (known === undefined) return `${quoted(key)} is not a key of it${suggest(key, Object.keys(spec))}`;
  if (known.parse(value) !== undefined) return undefined;
  return `${quoted(key)} is ${shownJson(value)}, which is not ${known.expected}`;
}

function together(problems: readonly string[]): string {
  const left = problems.length - shownProblems;
  return [...problems.slice(0, shownProblems), ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}
