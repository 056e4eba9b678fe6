/** The id that a caller gives to a call, to find what came of it: GitHub answers a call without naming the run. */
export type RequestId = string;

const form = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const requestIdForm =
  'an id of 1 to 64 letters, digits, dots, underscores and hyphens that begins with a letter or digit';

export function parseRequestId(text: string): RequestId | undefined {
  return form.test(text) ? text : undefined;
}

/** One that a run makes for itself: the same in no other run, nor in another attempt of this one. */
export function requestIdOfRun(repository: string, runId: number, attempt: number): RequestId {
  const end = `-${runId}-${attempt}`;
  const start = repository.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return (start || 'run').slice(0, 64 - end.length) + end;
}

/** Whether the title of a run holds the id as a whole word: what is next to it may not be part of another id. */
export function titleNames(title: string, id: RequestId): boolean {
  const literal = id.replace(/[.]/g, '\\.');
  return new RegExp(`(?<![A-Za-z0-9._-])${literal}(?![A-Za-z0-9._-])`).test(title);
}
