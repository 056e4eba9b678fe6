import type { Digest } from '../../domain/digest.ts';
import { RegistryError } from './failure.ts';

/** What is damaged on the way is moved again, this often in all. */
const moves = 3;

/** Bytes that are not those of the digest which they should have; another try may get the right ones. */
export class Damage extends Error {}

export function damaged(found: Digest, expected: Digest): Damage {
  return new Damage(`what came has digest ${found} in place of ${expected}`);
}

/** Moves bytes until they arrive undamaged. */
export async function intact<T>(what: string, move: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await move();
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      if (tries < moves) continue;
      throw new RegistryError(`${what} failed: ${error.message}, ${moves} times`, {
        retryable: false,
        hint: 'What the registry stores, or what lies between, is damaged.',
      });
    }
  }
}
