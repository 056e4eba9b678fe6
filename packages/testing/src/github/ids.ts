import { createHash } from 'node:crypto';

/** Numbers that stay the same for a repository or an owner, as GitHub's do, but made from the name. */
export function idOf(name: string): string {
  return String(createHash('sha256').update(name.toLowerCase()).digest().readUInt32BE());
}
