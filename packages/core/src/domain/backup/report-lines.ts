import { digestOf } from '../digest.ts';
import type { ProgramReport } from './report.ts';

/** What the lines begin with that hold the report; no other line of the program does. */
export const reportMark = '@report';

/** Of one line. Nodes and the reader cut lines at 16 KiB. */
const pieceLength = 8_000;

/** Kubernetes keeps 4096 bytes of a termination message and drops the rest. */
const maxMessageLength = 4_000;

/** What the termination message says: enough to know the end of the work, and which report is meant. */
export interface TerminationMessage {
  readonly version: 1;
  readonly command: ProgramReport['command'];
  readonly verdict: ProgramReport['verdict'];
  readonly cause: string;
  /** Cut when it is long. */
  readonly sentence: string;
  /** SHA-256 in hex of the report as it stands in the lines, put together. */
  readonly sha256: string;
}

/** The report for the log: `@report <i>/<n> <piece>`, i from 1, the pieces of one JSON text in ASCII, each of at most 8,000 characters. */
export function reportLines(report: ProgramReport): string[] {
  const text = asciiJson(report);
  const count = Math.ceil(text.length / pieceLength);
  return Array.from({ length: count }, (_, index) => {
    const piece = text.slice(index * pieceLength, (index + 1) * pieceLength);
    return `${reportMark} ${index + 1}/${count} ${piece}`;
  });
}

/** JSON of a TerminationMessage in ASCII, of at most 4,000 bytes. */
export function terminationMessage(report: ProgramReport): string {
  const { command, verdict, cause, sentence } = report;
  const sha256 = digestOf(new TextEncoder().encode(asciiJson(report))).slice('sha256:'.length);
  const whole = { version: 1, command, verdict, cause: cause.slice(0, 100), sentence, sha256 } as const;
  const within = (length: number) => asciiJson({ ...whole, sentence: `${sentence.slice(0, length)}…` });
  if (asciiJson(whole).length <= maxMessageLength) return asciiJson(whole);
  // One character becomes six at most.
  let length = maxMessageLength;
  while (within(length).length > maxMessageLength) length -= 100;
  return within(length);
}

/** Escaped, nothing in it can end a line, act on a terminal, or be more than one byte. */
function asciiJson(value: ProgramReport | TerminationMessage): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
