const shownLength = 80;

/** A text from the file as it is shown in a message: quoted, on one line, bounded. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}

/** What was found at a field against what was expected (a phrase with its article, such as `a duration such as 90s`). */
export function foundInsteadOf(found: unknown, expected: string): string {
  if (found === undefined) return `is required: give ${expected}`;
  if (found === null) return `is empty: give ${expected}`;
  if (typeof found === 'string') return `${quoted(found)} is not ${expected}`;
  if (Array.isArray(found)) return `a list is not ${expected}`;
  if (typeof found === 'number' || typeof found === 'boolean') return `the ${typeof found} ${found} is not ${expected}`;
  return `a mapping is not ${expected}`;
}
