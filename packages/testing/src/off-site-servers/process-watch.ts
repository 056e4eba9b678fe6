import { readdirSync, readFileSync } from 'node:fs';

/** Looks at the command lines of all processes, many times a second, as anybody on the machine could. */
export interface ProcessWatch {
  /** Every command line that was seen, words parted by blanks. */
  readonly seen: ReadonlySet<string>;
  stop(): void;
}

export function watchProcesses(everyMs = 25): ProcessWatch {
  const seen = new Set<string>();
  const timer = setInterval(() => commandLines().forEach((line) => seen.add(line)), everyMs);
  return { seen, stop: () => clearInterval(timer) };
}

/** Of all processes that run now, words parted by blanks (proc(5)). */
export function commandLines(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}
