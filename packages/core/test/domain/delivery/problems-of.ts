import { InputError } from '../../../src/errors/errors.ts';

/** The lines of the InputError that `act` throws; fails when it throws nothing or something else. */
export function problemsOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error.message.split('\n');
    throw error;
  }
  throw new Error('nothing was refused');
}
