import { readFileSync } from 'node:fs';

/** A file of /proc, of one byte a character; empty for what has ended: processes come and go while they are looked at. */
export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

export function childrenOf(pid: number): readonly number[] {
  return readOrNothing(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
}
