import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The processes that a process has started and that still run (proc_pid_stat(5)). */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isRunningChild(pid, parent));
}

function isRunningChild(pid: number, parent: number): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return false; // it has ended since
  }
  const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state !== 'Z' && Number(ppid) === parent;
}

/** When GitHub's runner sends what to a step's process: actions/runner, ProcessInvoker.cs. */
const politeMs = 7_500;
const firmMs = 2_500;
const lookMs = 20;

/**
 * Ends what a process runs as GitHub's runner ends a step: SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more. Only the
 * processes that it started itself get a signal, as there. False when it runs none.
 */
export async function endChildren(parent: number): Promise<boolean> {
  const children = childrenOf(parent);
  const ended = async (signal: NodeJS.Signals, withinMs: number): Promise<boolean> => {
    for (const pid of children) if (isRunningChild(pid, parent)) tell(pid, signal);
    const until = performance.now() + withinMs;
    while (children.some((pid) => isRunningChild(pid, parent))) {
      if (performance.now() > until) return false;
      await sleep(lookMs);
    }
    return true;
  };
  if (!(await ended('SIGINT', politeMs)) && !(await ended('SIGTERM', firmMs))) await ended('SIGKILL', firmMs);
  return children.length > 0;
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended since
  }
}
