/** Directories of new data, `django_data/2026-09-15T16/` with the files READY and TARGET_LIST. */

/** Says of an image what it was last built for: the name of a data directory. */
export const dataOriginLabel = 'data.origin';

export const dataNameForm = 'the name of a data directory, a real date and hour such as 2026-09-15T16';

/** What is looked at in the root; everything else there is passed over. */
export const dataNamePattern = /^\d{4}-\d{2}-\d{2}T\d{2}$/;

/** More than these in a root are a mistake. */
export const maxDataEntries = 10_000;

/** An entry of the root whose name has the form of a data directory's; nothing about it is followed through a link. */
export interface DataDirectory {
  readonly name: string;
  readonly type: 'directory' | 'link' | 'other';
  /** `other`: there, but no regular file. */
  readonly ready: 'file' | 'missing' | 'other';
  /** Of a regular file its length in bytes. */
  readonly targetList: number | 'missing' | 'other';
}

export type DataDecision =
  | { readonly is: 'new'; readonly name: string; readonly because: string }
  /** Nothing to do, which is no error. `name` is what the image has already; undefined: nothing is complete. */
  | { readonly is: 'nothing'; readonly name: string | undefined; readonly because: string }
  | { readonly is: 'refused'; readonly name: string; readonly because: string };

export interface DataQuestion {
  /** The directory that was asked for; undefined: the newest that has READY. */
  readonly wanted: string | undefined;
  /** What the image was last built for; undefined: nothing. */
  readonly last: string | undefined;
  /** What the image has already is new all the same. */
  readonly force: boolean;
}

/** `2026-09-15T16`, a day that the calendar has and an hour from 00 to 23; undefined for anything else. */
export function parseDataName(text: string): string | undefined {
  if (!dataNamePattern.test(text)) return undefined;
  const time = new Date(`${text}:00:00.000Z`);
  return Number.isNaN(time.getTime()) || time.toISOString().slice(0, 13) !== text ? undefined : text;
}

/** READY alone proves nothing: uploaders have written it before TARGET_LIST. Both are demanded of the newest that says READY. */
export function decideData(found: readonly DataDirectory[], { wanted, last, force }: DataQuestion): DataDecision {
  const directory = wanted === undefined ? newestReady(found) : found.find(({ name }) => name === wanted);
  if (!directory) return wanted === undefined ? nothingComplete(found, last) : refuse(wanted, 'is not there');
  const { name } = directory;
  const missing = whatIsMissing(directory);
  if (missing !== undefined) return refuse(name, missing);
  if (name === last && !force) return { is: 'nothing', name, because: `No new data: the image has ${name} already.` };
  return { is: 'new', name, because: reasonOf(name, last) };
}

/** What keeps it from being data, as the rest of a sentence; undefined when it is complete. */
export function whatIsMissing({ name, type, ready, targetList }: DataDirectory): string | undefined {
  if (parseDataName(name) === undefined) return 'is named after no real date and hour';
  if (type === 'link') return 'is a link, which is not followed';
  if (type === 'other') return 'is no directory';
  if (ready === 'missing') return 'has no READY: it is still being uploaded';
  if (ready === 'other') return 'has a READY that is no regular file';
  if (targetList === 'missing') return 'says READY, but has no TARGET_LIST';
  if (targetList === 'other') return 'says READY, but its TARGET_LIST is no regular file';
  return targetList === 0 ? 'says READY, but its TARGET_LIST is empty' : undefined;
}

function newestReady(found: readonly DataDirectory[]): DataDirectory | undefined {
  const ready = found.filter(
    ({ name, type, ready: file }) => type === 'directory' && file === 'file' && parseDataName(name) !== undefined,
  );
  return ready.reduce<DataDirectory | undefined>((best, one) => (best && best.name > one.name ? best : one), undefined);
}

function nothingComplete(found: readonly DataDirectory[], last: string | undefined): DataDecision {
  if (found.length === 0 && last !== undefined)
    return refuse(last, 'is what the image has, but nothing that is named like data is there: is the volume mounted?');
  const count = found.length === 1 ? 'one entry' : `${found.length} entries`;
  const because = `No new data: of the ${count} named like data, no directory has READY.`;
  return { is: 'nothing', name: undefined, because };
}

function refuse(name: string, why: string): DataDecision {
  return { is: 'refused', name, because: `${name} ${why}.` };
}

function reasonOf(name: string, last: string | undefined): string {
  if (name === last) return `${name} again: the image has it already, and it was forced.`;
  if (last === undefined) return `${name} is new: the image has been built for no data yet.`;
  const older = name < last ? ', though it is the older one' : '';
  return `${name} is new: the image has ${last}${older}.`;
}
