export const versionForm = 'a version of three numbers such as 1.2.3 or 2026.08.3, without anything before or after it';

const pattern = /^\d{1,9}\.\d{1,9}\.\d{1,9}$/;

/**
 * What a promoted build is known by: exactly three numbers of at most nine digits, zeros in front kept. Undefined when the text is
 * none; nothing is trimmed.
 */
export function parseVersion(text: string): string | undefined {
  return pattern.test(text) ? text : undefined;
}

/** For sorting, by number, the lower first. `2026.8.3` and `2026.08.3` are two versions: equal by number, then by their text. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [numbersOf(a), numbersOf(b)];
  for (const [at, number] of one.entries()) {
    const difference = number - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function numbersOf(version: string): number[] {
  return version.split('.').map(Number);
}
