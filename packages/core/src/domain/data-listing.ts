import type { DataDirectory } from './data-directory.ts';
import { dataNamePattern, maxDataEntries } from './data-directory.ts';

const maxLineLength = 200;
const types = ['directory', 'link', 'other'] as const;
const readies = ['file', 'missing', 'other'] as const;

/** Lines beyond this are not worth keeping: the listing is refused anyway. The last of them is the end line. */
export const maxListingLines = maxDataEntries + 1;

export type DataListing =
  | { readonly directories: readonly DataDirectory[] }
  /** `problem` is the rest of a sentence about the listing. */
  | { readonly problem: string };

/**
 * Reads what the Job that looks for data prints: `<name> <directory|link|other> <file|missing|other> <bytes|missing|other>` for
 * each entry and at last `end <number of entries>`. It comes from outside, so nothing else is taken, and a listing without
 * its end is none.
 */
export function parseDataListing(lines: readonly string[]): DataListing {
  if (lines.length > maxListingLines) return { problem: `has more than ${maxListingLines} lines` };
  const end = lines.at(-1);
  if (end === undefined) return { problem: 'is empty; its last line has to be "end <number of entries>"' };
  const directories: DataDirectory[] = [];
  for (const [index, line] of lines.slice(0, -1).entries()) {
    const read = parseLine(line);
    if (!read) return { problem: `has as line ${index + 1} ${excerpt(line)}, which is not of its form` };
    directories.push(read);
  }
  if (end !== `end ${directories.length}`)
    return { problem: `ends with ${excerpt(end)}, not with "end ${directories.length}": it is not whole` };
  if (new Set(directories.map(({ name }) => name)).size < directories.length)
    return { problem: 'names an entry twice' };
  return { directories };
}

function parseLine(line: string): DataDirectory | undefined {
  if (line.length > maxLineLength) return undefined;
  const [name = '', type, ready, list = '', ...more] = line.split(' ');
  const knownType = types.find((one) => one === type);
  const knownReady = readies.find((one) => one === ready);
  const targetList = parseLength(list);
  if (!dataNamePattern.test(name) || !knownType || !knownReady || targetList === undefined || more.length > 0)
    return undefined;
  return { name, type: knownType, ready: knownReady, targetList };
}

function parseLength(text: string): DataDirectory['targetList'] | undefined {
  if (text === 'missing' || text === 'other') return text;
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined;
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line);
}
