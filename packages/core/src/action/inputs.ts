import type { Problem } from '../errors/errors.ts';
import { InputError } from '../errors/errors.ts';

/** Where inputs come from: the text of an input, empty when it is not set. The runtime gives that of @actions/core. */
export interface InputSource {
  get(name: string): string;
  mask(secret: string): void;
}

/** Reads one input: gives the value, or what is wrong with it as a sentence (what was found, what was expected). */
export interface InputReader<T> {
  readonly secret: boolean;
  read(text: string): { readonly value: T } | { readonly problem: string };
}

export type InputSpec = Readonly<Record<string, InputReader<unknown>>>;
export type InputsOf<Spec extends InputSpec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends InputReader<infer T> ? T : never;
};

/**
 * Reads every input of an action: masks the secrets first, collects all problems and throws them as one InputError.
 * Whether inputs fit together is the caller's to check, by `check`, which adds to the same list when each alone is right.
 */
export function readInputs<Spec extends InputSpec>(
  spec: Spec,
  source: InputSource,
  check: (inputs: InputsOf<Spec>) => readonly Problem[] = () => [],
): InputsOf<Spec> {
  const names = Object.keys(spec);
  for (const name of names) {
    if (spec[name]?.secret) maskEveryForm(source.get(name), source);
  }
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  for (const name of names) {
    const answer = (spec[name] as InputReader<unknown>).read(source.get(name).trim());
    if ('problem' in answer) problems.push({ field: name, message: answer.problem });
    else values[name] = answer.value;
  }
  const inputs = values as InputsOf<Spec>;
  if (problems.length === 0) problems.push(...check(inputs));
  if (problems.length > 0) throw new InputError(problems);
  return inputs;
}

/** The secret itself, each of its lines, and its base64 form: what a program may print of it. */
function maskEveryForm(secret: string, source: InputSource): void {
  if (secret.trim() === '') return;
  source.mask(secret);
  for (const line of secret.split('\n')) if (line.trim().length >= 4) source.mask(line.trim());
  source.mask(Buffer.from(secret).toString('base64'));
  source.mask(Buffer.from(secret.trim()).toString('base64'));
}
