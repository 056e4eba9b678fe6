import { systemClock } from '@delivery/core/adapters/clock';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import { CancelledError } from '@delivery/core/errors/errors';
import type { Ports } from './ports.ts';
import { defaultTerminationLog, humanLine, putOut } from './report-out.ts';

/** So long the work may take to end by itself after it was told to, but for what must not be left half done. */
const graceMs = 4_500;
const mustEnd = { now: false };

function leave(): void {
  if (mustEnd.now) setTimeout(leave, 100).unref();
  else process.exit(1);
}

const commands = {
  backup: async (ports: Ports) => (await import('./backup/run-backup.ts')).runBackup(process.env, ports),
  restore: async (ports: Ports) => (await import('./restore/run-restore.ts')).runRestore(process.env, ports),
};

const print = (line: string) => void process.stdout.write(`${line}\n`);

const [, , command = ''] = process.argv;
if (command !== 'backup' && command !== 'restore') {
  print('usage: node main.js backup|restore (its settings are variables: docs/backups.md)');
  process.exit(2);
}

const cancelled = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    cancelled.abort(new CancelledError(`${command} (${signal})`));
    setTimeout(leave, graceMs).unref();
  });
}

const say = (line: string) => print(humanLine(line));
const ports: Ports = { clock: systemClock, signal: cancelled.signal, say, mustEnd };
const report: ProgramReport = await commands[command](ports);
putOut(report, print, process.env['TERMINATION_LOG'] ?? defaultTerminationLog);
// A session that the server has not closed yet would keep the process.
process.stdout.write('', () => process.exit(report.verdict === 'failed' ? 1 : 0));
