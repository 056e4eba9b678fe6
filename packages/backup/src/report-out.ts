import { truncateSync, writeFileSync } from 'node:fs';
import { printable } from '@delivery/core/domain/printable';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import type { ProgramReport } from '@delivery/core/domain/backup/report';

/** Where Kubernetes reads a container's last word from, unless the variable TERMINATION_LOG names another file. */
export const defaultTerminationLog = '/dev/termination-log';

/** Prints what people read at the end, then the report, and leaves the termination message when its file is there. */
export function putOut(report: ProgramReport, print: (line: string) => void, terminationLog: string): void {
  for (const line of summary(report)) print(humanLine(line));
  for (const line of reportLines(report)) print(line);
  try {
    truncateSync(terminationLog);
    writeFileSync(terminationLog, terminationMessage(report), { flag: 'r+' });
  } catch (error) {
    // Outside of a cluster there is none; inside, the reader misses the digest and says so.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      print(`no termination message was left at ${terminationLog}`);
  }
}

/** A line that cannot be taken for one of the report, on one line and without control characters. */
export function humanLine(line: string): string {
  const text = printable(line).replaceAll('\n', ' ');
  return text.startsWith('@report') ? ` ${text}` : text;
}

function summary({ verdict, sentence, cause, next, alarms }: ProgramReport): string[] {
  const reason = verdict === 'failed' ? ` (${cause})` : '';
  return [
    ...alarms.map((alarm) => `ALARM: ${alarm}.`),
    `${verdict}${reason}: ${sentence}.`,
    ...(next === '' ? [] : [next]),
  ];
}
