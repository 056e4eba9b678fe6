const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000 };

/** Reads `90s`, `10m`, `1h30m`: whole hours, minutes, seconds in that order. Milliseconds; undefined when the text is none or 0. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?=\d)(?:\d{1,4}h)?(?:\d{1,5}m)?(?:\d{1,6}s)?$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([hms])/g)) total += Number(count) * (units[unit ?? ''] ?? 0);
  return total > 0 ? total : undefined;
}

/** `1 h 5 min`, `2 min 3 s`, `12.3 s`: what a person wants to read. Milliseconds in. */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
