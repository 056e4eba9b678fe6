import type { ComparedTable, RestoreReport } from '@delivery/core/domain/backup/report';
import type { Failure } from '../faults.ts';
import type { Steps } from '../steps.ts';

/** The report while the work is done: what is known so far, also when it fails in its middle. */
export class Draft {
  drill = false;
  backup = '-';
  server = '';
  tables: readonly ComparedTable[] = [];
  masked: readonly string[] = [];
  /** Once begun, the target may be gone until it is done: what is to take its place is not removed then. */
  swap: 'not-begun' | 'begun' | 'done' = 'not-begun';
  readonly mismatches: string[] = [];
  readonly alarms: string[] = [];

  report(steps: Steps, verdict: RestoreReport['verdict'], said: Failure): RestoreReport {
    const { drill, backup, server, tables, masked, mismatches, alarms } = this;
    return {
      ...{ command: 'restore', verdict, ...said, alarms, steps: steps.list },
      ...{ drill, backup, tables, mismatches, masked, server },
    };
  }
}
