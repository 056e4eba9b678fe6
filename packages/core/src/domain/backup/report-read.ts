import { digestOf } from '../digest.ts';
import { reportMark } from './report-lines.ts';
import { parseReport, parseTermination } from './report-schema.ts';
import type { ProgramReport } from './report.ts';

/** In characters, which are bytes: the report of some 20,000 tables. */
const maxLength = 4 * 1024 * 1024;

const form = new RegExp(`^${reportMark} ([1-9]\\d{0,4})/([1-9]\\d{0,4}) (.+)$`, 's');

/** `problem` is the rest of a sentence about the report. */
export type ReadReport = { readonly report: ProgramReport } | { readonly problem: string };

/** Takes a program's report out of the lines of one run's log. Keeps at most 4 MiB of it. */
export class ReportReader {
  readonly #pieces: string[] = [];
  #count = 0;
  #length = 0;
  #problem: string | undefined;

  /** Keeps the lines of the report, and gives back the others: those for people. */
  take(lines: readonly string[]): string[] {
    return lines.filter((line) => {
      if (!line.startsWith(`${reportMark} `)) return true;
      this.#problem ??= this.#add(line);
      if (this.#problem !== undefined) this.#pieces.length = 0;
      return false;
    });
  }

  /** The report, once the log is at its end. It counts only when the run's termination message names its very digest. */
  read(termination: string): ReadReport {
    if (this.#problem !== undefined) return { problem: this.#problem };
    if (this.#pieces.length === 0) return { problem: 'is missing from the log' };
    if (this.#pieces.length < this.#count)
      return { problem: `is cut off in the log: ${this.#pieces.length} of ${this.#count} lines are there` };
    const message = parseTermination(termination.trim());
    if ('problem' in message) return { problem: `has no digest: the termination message ${message.problem}` };
    const text = this.#pieces.join('');
    if (digestOf(new TextEncoder().encode(text)) !== `sha256:${message.termination.sha256}`)
      return { problem: 'is not the one that the termination message names: their digests differ' };
    const read = parseReport(text);
    if ('problem' in read) return read;
    const { command, verdict } = message.termination;
    return read.report.command === command && read.report.verdict === verdict
      ? read
      : { problem: 'says something else than the termination message' };
  }

  #add(line: string): string | undefined {
    const [, number, count, piece] = form.exec(line) ?? [];
    if (piece === undefined) return 'has a line that is not of its form';
    if (this.#count === 0) this.#count = Number(count);
    const isNext = Number(number) === this.#pieces.length + 1 && Number(number) <= this.#count;
    if (Number(count) !== this.#count || !isNext) return 'has lines out of order';
    this.#length += piece.length;
    if (this.#length > maxLength) return `is longer than ${maxLength} bytes`;
    this.#pieces.push(piece);
    return undefined;
  }
}
