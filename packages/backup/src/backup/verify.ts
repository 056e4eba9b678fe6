import type { Compression } from '@delivery/core/domain/backup/name';
import { Fault } from '../faults.ts';
import type { Dump } from './dump.ts';
import type { ReadBack } from './read-back.ts';
import { readBack } from './read-back.ts';

/**
 * Reads a new backup from the volume: the digest of what was written, an end marker as the last line, and the tables and views of the
 * snapshot, no more and no fewer. Throws a Fault, `verify-failed` or `dump-incomplete`.
 */
export async function verify(
  path: string,
  compression: Compression,
  dump: Dump,
  signal: AbortSignal,
): Promise<ReadBack> {
  const read = await readBack(path, compression, signal);
  if (read.bytes !== dump.bytes || read.sha256 !== dump.sha256) {
    const said = `${read.bytes} bytes with SHA-256 ${read.sha256} were read, ${dump.bytes} with ${dump.sha256} written`;
    throw new Fault('verify-failed', `the volume does not give back what was written to it: ${said}`, {
      hint: 'See whether the storage of the volume is sound.',
    });
  }
  if (!read.complete) throw new Fault('dump-incomplete', 'the dump has no end marker as its last line');
  compare('table', names(dump.tables), read.tables);
  compare('view', names(dump.facts.views), read.views);
  return read;
}

function compare(kind: string, expected: readonly string[], found: readonly string[]): void {
  const missing = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  const [one] = [...missing, ...extra];
  if (one === undefined) return;
  const said = `${missing.length} ${kind}s of the snapshot are missing, ${extra.length} are too many, such as ${one}`;
  throw new Fault('dump-incomplete', `the dump does not hold the ${kind}s of the database: ${said}`);
}

function names(objects: readonly { readonly name: string }[]): readonly string[] {
  return objects.map(({ name }) => name);
}
