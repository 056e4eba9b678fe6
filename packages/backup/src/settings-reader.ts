import type { Problem } from '@delivery/core/errors/errors';
import { InputError } from '@delivery/core/errors/errors';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables and collects what is wrong with them, so that one failure names everything. An empty variable counts as not set. */
export class SettingsReader {
  readonly #env: Environment;
  readonly #problems: Problem[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  /** Undefined when it is not set. */
  optional(name: string): string | undefined {
    const value = this.#env[name];
    return value === '' ? undefined : value;
  }

  /** A text that has to be there; '' after a problem. `secret`: it is not repeated in a problem. */
  required(name: string, expected: string, { pattern = /^[^\0]+$/s, secret = false } = {}): string {
    const value = this.optional(name);
    if (value === undefined) this.problem(name, `is not set; ${expected} is needed`);
    else if (!pattern.test(value)) {
      this.problem(name, secret ? `is not ${expected}` : `is ${JSON.stringify(value)}, but has to be ${expected}`);
    } else return value;
    return '';
  }

  choice<const T extends string>(name: string, choices: readonly T[], preset: T): T {
    const value = this.optional(name) ?? preset;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) {
      this.problem(name, `is ${JSON.stringify(value)}, but has to be one of ${choices.join(', ')}`);
    }
    return chosen ?? preset;
  }

  /** A whole number; the preset when it is not set, or after a problem. */
  count<T extends number | undefined>(name: string, { min, max }: { min: number; max: number }, preset: T): number | T {
    const value = this.optional(name);
    if (value === undefined) return preset;
    const count = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (count >= min && count <= max) return count;
    this.problem(name, `is ${JSON.stringify(value)}, but has to be a whole number from ${min} to ${max}`);
    return preset;
  }

  problem(field: string, message: string): void {
    this.#problems.push({ field, message });
  }

  /** Throws an InputError of all problems, when there are any. */
  check(): void {
    if (this.#problems.length > 0) throw new InputError(this.#problems);
  }
}
