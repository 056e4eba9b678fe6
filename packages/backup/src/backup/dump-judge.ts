import { oneLine } from '@delivery/core/domain/printable';
import { deniedNumbers } from '../database.ts';
import { Fault } from '../faults.ts';
import type { ProgramEnd } from '../programs.ts';
import { failureOf } from '../programs.ts';

/** The server's and the client's error numbers that have a cause of their own. */
const causes: readonly (readonly [cause: string, hint: string, numbers: readonly number[]])[] = [
  ['definition-changed', 'Start it again when no table is altered.', [1412, 1146]],
  ['access-denied', 'Grant the account what it lacks, or correct MSUSER and MSPASS.', [...deniedNumbers]],
  ['connect', 'See why the database server went away.', [1053, 1927, 2002, 2003, 2005, 2006, 2013, 2026]],
  ['dump-failed', 'A row is longer than a packet may be: 1 GiB, or max_allowed_packet of the server.', [1153, 2020]],
  ['dump-failed', 'Correct or drop the view that the message names.', [1356, 1449]],
];

const warning = /\bwarning\b/i;

/**
 * Whether a dump's programs ended well: every exit code is 0 and the dump program said nothing but warnings (with some errors it goes on
 * and ends well). Throws a Fault otherwise.
 */
export function judgeDump(ends: readonly ProgramEnd[]): void {
  const [dump, ...packers] = ends;
  // A reader that dies ends its writer too, so it is looked at first.
  for (const packer of packers) {
    const failed = failureOf(packer);
    if (failed !== undefined) throw new Fault('dump-failed', withText(failed, packer.stderrTail));
  }
  if (!dump) return;
  const errors = dump.stderrTail.split('\n').filter((line) => line.trim() !== '' && !warning.test(line));
  const failed =
    failureOf(dump) ?? (errors.length > 0 ? `${dump.command} ended with exit code 0 after an error` : undefined);
  if (failed === undefined) return;
  const text = errors.join('\n');
  const numbers = [...text.matchAll(/\b([12]\d{3})\b/g)].map(([, number]) => Number(number));
  const [cause, hint] = causes.find(([, , known]) => numbers.some((number) => known.includes(number))) ?? [
    'dump-failed',
    '',
  ];
  throw new Fault(cause, withText(failed, text), { hint: hint === '' ? undefined : hint });
}

function withText(failed: string, stderr: string): string {
  const said = oneLine(stderr.trim().slice(-1_000), 600);
  return said === '' ? failed : `${failed}: ${said}`;
}
