import type { Outcome } from '@delivery/core/action/outcome';
import type { InventoryEntry, ProgramReport } from '@delivery/core/domain/backup/report';
import type { Job } from '@delivery/core/domain/job';
import type { Mask, Topology } from '@delivery/core/domain/topology';
import type { WebAnswer } from '@delivery/core/ports/web';
import { backupMadeAt } from '@delivery/testing/backup-made';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import type { Variables } from '@delivery/testing/fake-program';
import { programIn, variablesOfJobs } from '@delivery/testing/fake-program';
import type { ProgramRun } from '@delivery/testing/program-run';
import { endProgram, runOf } from '@delivery/testing/program-run';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { inventoryEntry } from '@delivery/testing/program-report';
import { listReport, restoreReport, someBackup } from '@delivery/testing/restore-report';
import type { Inputs, Output } from '../src/inputs.ts';
import { columnsOf } from '../src/judge.ts';
import { run } from '../src/run.ts';
import { site, topologyOf } from './projects.ts';

const defaults: Inputs = {
  ...nothingGiven,
  ...{ from: '', project: '', confirm: '', drill: false, 'on-running': 'wait', timeout: undefined },
  backup: { kind: 'latest' },
};

export const named = { kind: 'named', file: someBackup } as const;

/** What restores production: everything that its rules ask for. */
export const intoProduction = { backup: named, project: 'production', confirm: 'production' } as const;

const check = { url: new URL('https://staging.example.org/'), status: 200, contains: undefined, withinMs: 5_000 };

/** production, and staging with a page. */
export const withPage = topologyOf(site.production, { ...site.staging, checks: [check] });

type Conduct = (variables: Variables, job: Job) => ProgramReport | ProgramRun | 'runs';

/** The projects of `site`, with a database that is backed up and restored as well as one could wish. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly jobs = new FakeJobs(this.clock);
  readonly permissions = new FakePermissions();
  readonly cancel = new AbortController();
  topology: Topology = topologyOf(...Object.values(site));
  inventory: readonly InventoryEntry[] = [inventoryEntry({ name: someBackup, at: '2026-09-15T14:05:00Z' })];
  backs: Conduct = () => backupMadeAt(this.clock.now());
  restores: Conduct = (variables) => this.restored(variables);
  page: () => WebAnswer = () => ({ status: 200, body: 'all is well' });
  runAttempt = 1;

  constructor() {
    for (const namespace of ['production', 'staging'])
      for (const name of ['db-backup', 'db-restore']) this.jobs.putCronJob(newCronJob({ namespace, name }));
    this.jobs.onCreate = programIn(this.jobs, (variables, job) =>
      job.name === 'db-backup' ? this.backs(variables, job) : this.restores(variables, job),
    );
  }

  /** What a program that works reports. */
  restored({ RESTORE_BACKUP: backup = '', RESTORE_DRILL: drill, RESTORE_MASK: mask = '' }: Variables): ProgramReport {
    if (backup === 'list') return listReport(this.inventory);
    const masked = mask === '' ? [] : columnsOf(JSON.parse(mask) as Mask);
    return restoreReport({ backup: backup === 'latest' ? someBackup : backup, drill: drill === 'true', masked });
  }

  /** `production/db-backup manual`, `staging/db-restore latest`, in the order in which they were made. */
  made(): string[] {
    return variablesOfJobs(this.jobs).map((variables, at) => {
      const { namespace, name } = this.jobs.creations[at]!.cronJob;
      return `${namespace}/${name} ${variables['BACKUP_TYPE'] ?? variables['RESTORE_BACKUP'] ?? ''}`;
    });
  }

  /** Ends a Job that runs. */
  end(job: Job, report: ProgramReport): void {
    endProgram(this.jobs, job, runOf(report), 'loader');
  }

  start(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    const { log, clock } = this;
    const context = {
      ...{ log, clock, signal: this.cancel.signal, mask: () => undefined },
      run: { ...someRun, runAttempt: this.runAttempt },
    };
    const permissions = () => this.permissions;
    const web = { get: async () => this.page() };
    const ports = { topology: this.topology, jobs: () => this.jobs, permissions, web };
    return run({ ...defaults, ...inputs }, ports, context);
  }

  /** Runs to the end, letting as much time pass as it takes. */
  async run(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    return this.clock.passUntil(this.start(inputs), 6 * 3_600_000, 5_000);
  }
}
