import type { BackupChoices, BackupEnd } from '@delivery/core/action/backup/back-up';
import { backUp } from '@delivery/core/action/backup/back-up';
import type { ActionContext } from '@delivery/core/action/context';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { Job } from '@delivery/core/domain/job';
import type { BackupTopology, Project } from '@delivery/core/domain/topology';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import { newBackup, newProject } from '@delivery/testing/new-project';
import { backupReport } from '@delivery/testing/program-report';
import type { ProgramRun } from '@delivery/testing/program-run';
import { endProgram, runOf } from '@delivery/testing/program-run';

export function project(name: string, over: Partial<BackupTopology> = {}): Project {
  return newProject(name, { database: { backup: newBackup(over), restore: undefined, mask: {} } });
}

const choices: BackupChoices = {
  ...{ tier: 'auto', wait: 'completion', 'on-running': 'wait', 'dry-run': false, 'max-age': undefined },
  timeout: undefined,
};

/** Projects with a CronJob db-backup each, whose Jobs end as the test says: verified where it says nothing. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly jobs = new FakeJobs(this.clock);
  readonly cancel = new AbortController();
  /** By namespace; what a Job does once it is made. */
  readonly conducts = new Map<string, (job: Job) => void>();

  constructor() {
    const containers = [{ name: 'program', image: 'registry.example.org/ops/db-backup:1', init: false }];
    for (const namespace of ['test', 'production'])
      this.jobs.putCronJob(newCronJob({ namespace, name: 'db-backup', containers }));
    this.jobs.onCreate = (job) => (this.conducts.get(job.namespace) ?? ((made) => this.end(made)))(job);
  }

  get context(): ActionContext {
    const { log, clock, cancel } = this;
    return { log, clock, signal: cancel.signal, mask: () => undefined, run: someRun };
  }

  /** Ends a Job with a report, of which some of what it leaves may be otherwise. */
  end(job: Job, report: ProgramReport = backupReport(), over: Partial<ProgramRun> = {}): void {
    endProgram(this.jobs, job, { ...runOf(report), ...over });
  }

  reports(namespace: string, report: ProgramReport, over: Partial<ProgramRun> = {}): void {
    this.conducts.set(namespace, (job) => this.end(job, report, over));
  }

  start(given: Partial<BackupChoices> = {}, projects = [project('production')]): Promise<readonly BackupEnd[]> {
    return backUp(projects, { ...choices, ...given }, { jobs: () => this.jobs }, this.context);
  }

  /** The only end, after as much time as it takes. */
  async run(given: Partial<BackupChoices> = {}, backupOf: Partial<BackupTopology> = {}): Promise<BackupEnd> {
    const ends = await this.clock.passUntil(this.start(given, [project('production', backupOf)]), 4 * 3_600_000);
    return ends[0]!;
  }

  /** All that was printed. */
  get printed(): string {
    return this.log.lines.map(({ text }) => text).join('\n');
  }
}
