import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

/** The environment variable by which the processes of one run are known. */
export const markerVariable = 'DELIVERY_EXEC_ID';

/** So long a program may take to end by itself, and to tidy up, once its children have ended. */
const tidyMs = 700;
const graceMs = 1_700;
const limitMs = 3_000;
const pauseMs = 40;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Process id and start time: an id alone may be given anew. */
  readonly key: string;
  readonly marked: boolean;
}

/**
 * Ends every process whose environment holds the marker, and all they have started: SIGTERM, after 1.7 s SIGKILL. The
 * program itself comes last, so that it sees its children end and tidies up after them (buildah unmounts then).
 * Linux only (proc(5): /proc/[pid]/environ and stat). Who was seen once is remembered, so that a process whose
 * parent has ended first is found again, and one that was started with another environment is known by its parent.
 * Returns when none is left and `settled` says so (a program may be about to start), at the latest after 3 s.
 */
export async function endProcesses(marker: string, settled: () => boolean): Promise<void> {
  const known = new Set<string>();
  const asked = new Set<string>();
  const start = performance.now();
  for (;;) {
    const elapsed = performance.now() - start;
    const living = family(listProcesses(marker), known);
    if ((living.length === 0 && settled()) || elapsed > limitMs) return;
    const childless = known.size === 1;
    for (const { pid, key, parent } of living) {
      if (elapsed > graceMs) send(pid, 'SIGKILL');
      else if (!asked.has(key) && (parent !== process.pid || childless || elapsed > tidyMs)) {
        asked.add(key);
        send(pid, 'SIGTERM');
      }
    }
    await setTimeout(pauseMs);
  }
}

/** The marked processes, those known before and the descendants of both; adds them to what is known. */
function family(processes: readonly Process[], known: Set<string>): readonly Process[] {
  const members = new Map<number, Process>();
  for (let before = -1; before < members.size;) {
    before = members.size;
    for (const process of processes) {
      if (process.marked || known.has(process.key) || members.has(process.parent)) members.set(process.pid, process);
    }
  }
  for (const { key } of members.values()) known.add(key);
  return [...members.values()];
}

function listProcesses(marker: string): Process[] {
  const text = `${markerVariable}=${marker}`;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = readOrNothing(`/proc/${name}/stat`);
    // The name in parentheses may hold anything; what counts stands behind its end: state, parent, ..., start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    if (stat === '' || state === 'Z' || state === 'X') return [];
    const marked = readOrNothing(`/proc/${name}/environ`).split('\0').includes(text);
    return [{ pid: Number(name), parent: Number(parent), key: `${name}:${fields[19]}`, marked }];
  });
}

/** A process may end while it is looked at, and one of another user shows nothing. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
