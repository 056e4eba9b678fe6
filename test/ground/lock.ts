import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './commands.ts';
import { runDir } from './settings.ts';

const file = join(runDir, 'up.json');

/** A process by id and start: ids come again. */
interface Holder {
  readonly pid: number;
  readonly start: string;
}

/** The 22nd field of /proc/PID/stat: when it started (proc(5)); the name before may hold spaces and parentheses. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** The `up` that is under way in another process. */
export function otherUp(): number | undefined {
  let holder: Holder;
  try {
    holder = JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
  return holder.pid !== process.pid && startOf(holder.pid) === holder.start ? holder.pid : undefined;
}

/** This process is the one that brings the ground up. */
export function takeLock(): void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
}

/** Ends an `up` that is under way. */
export async function endOtherUp(): Promise<void> {
  const pid = otherUp();
  if (pid === undefined) return;
  process.kill(pid, 'SIGTERM');
  await until(`the other \`up\` (process ${pid}) ends`, 10_000, () => otherUp() === undefined);
}
