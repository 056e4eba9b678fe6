import type { Outcome } from '@delivery/core/action/outcome';
import { renderSummary } from '@delivery/core/action/markdown';
import type { BackupReport } from '@delivery/core/domain/backup/report';
import type { Job } from '@delivery/core/domain/job';
import type { Project } from '@delivery/core/domain/topology';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { newBackup, newProject } from '@delivery/testing/new-project';
import { backupReport, inventoryEntry } from '@delivery/testing/program-report';
import { beginProgram, endProgram, runOf } from '@delivery/testing/program-run';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';

const given: Inputs = {
  ...nothingGiven,
  ...{ projects: [], tier: 'auto', wait: 'completion', 'on-running': 'wait', 'max-age': undefined, timeout: undefined },
};

const skipped = { verdict: 'skipped', manifest: null, tiers: [], sentence: 'nothing is due' } as const;
const failed = { verdict: 'failed', manifest: null, cause: 'dump-failed', sentence: 'the dump broke off' } as const;
const { name: file } = inventoryEntry();

let clock: FakeClock;
let jobs: FakeJobs;
let permissions: FakePermissions;
/** By namespace; verified where nothing is said. */
let reports: Map<string, Partial<BackupReport>>;
let onJob: (job: Job) => void;
beforeEach(() => {
  clock = new FakeClock();
  jobs = new FakeJobs(clock);
  permissions = new FakePermissions();
  reports = new Map();
  onJob = (job) => endProgram(jobs, job, runOf(backupReport(reports.get(job.namespace) ?? {})));
  jobs.onCreate = (job) => onJob(job);
  const containers = [{ name: 'program', image: 'registry.example.org/ops/db-backup:1', init: false }];
  for (const namespace of ['test', 'production'])
    jobs.putCronJob(newCronJob({ namespace, name: 'db-backup', containers }));
});

function project(name: string, isBackedUp: boolean): Project {
  return newProject(name, isBackedUp ? { database: { backup: newBackup(), restore: undefined, mask: {} } } : {});
}

function start(inputs: Partial<Inputs> = {}, names = ['test', 'production']): Promise<Outcome<Output>> {
  const projects = [...names.map((name) => project(name, true)), project('ric', false)];
  const topology = { images: {}, projects: Object.fromEntries(projects.map((one) => [one.name, one])) };
  const { signal } = new AbortController();
  const context = { log: new FakeLog(), clock, signal, mask: () => undefined, run: someRun };
  const ports = { topology, jobs: () => jobs, permissions: () => permissions };
  const running = run({ ...given, ...inputs }, ports, context);
  return clock.passUntil(running, 4 * 3_600_000);
}

describe('the result', () => {
  it('is a success when every project has a new verified backup', async () => {
    const outcome = await start();
    expect(outcome).toMatchObject({
      result: 'success',
      reason: `test: ${file} is verified; production: ${file} is verified`,
    });
    expect(outcome.next).toBeUndefined();
    expect(jobs.creations.map(({ cronJob }) => cronJob.namespace).sort()).toEqual(['production', 'test']);
  });

  it('is skipped when nothing was due anywhere, and a success when something was', async () => {
    reports.set('test', skipped).set('production', skipped);
    expect(await start()).toMatchObject({ result: 'skipped' });
    reports.delete('production');
    expect(await start()).toMatchObject({ result: 'success' });
  });

  it('is unstable with an alarm in one project, and says what to do', async () => {
    reports.set('test', { alarms: ['viewer_target has 3 rows, 40 before'] });
    const outcome = await start();
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('40 before') as string });
    expect(outcome.next).toContain('test: ');
  });

  it('is a failure with a failure in one project, whatever the others have', async () => {
    reports.set('test', failed).set('production', { alarms: ['odd'] });
    expect(await start()).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('test: the dump broke off; production: ') as string,
    });
  });

  it('of a dry run is a success that has made nothing', async () => {
    const outcome = await start({ 'dry-run': true });
    expect(outcome).toMatchObject({ result: 'success', reason: expect.stringMatching(/^Dry run: /) as string });
    expect(jobs.creations).toEqual([]);
  });
});

describe('the projects', () => {
  it('are those that are named', async () => {
    const outcome = await start({ projects: ['production'] });
    expect(outcome.outputs.file).toEqual({ production: file });
  });

  it('that are unknown or have no backup are refused together, before anything is asked', async () => {
    await expect(start({ projects: ['ric', 'prodution'] })).rejects.toMatchObject({
      problems: [
        { field: 'projects', message: 'project "ric" has no database.backup; those that have: test, production' },
        { field: 'projects', message: expect.stringContaining('did you mean "production"?') as string },
      ],
    });
    expect(jobs.calls).toEqual([]);
  });

  it('have to be some', async () => {
    await expect(start({}, [])).rejects.toMatchObject({
      problems: [{ field: 'projects', message: 'no project of delivery.yaml has database.backup' }],
    });
  });
});

describe('the outputs', () => {
  it('are objects by project, also of one alone', async () => {
    const { outputs } = await start({ projects: ['production'] });
    expect(outputs).toEqual({
      result: 'success',
      file: { production: file },
      bytes: { production: 9_000_000 },
      sha256: { production: 'ab'.repeat(32) },
      tables: { production: 2 },
      offsite: { production: 'sent' },
      inventory: {
        production: expect.objectContaining({
          hourly: { count: 1, newest: '2026-09-15T15:59:00Z', oldest: '2026-09-15T15:59:00Z' },
          weekly: { count: 0, newest: null, oldest: null },
        }) as unknown,
      },
    });
  });

  it('have nothing of a project that has made nothing, but its inventory', async () => {
    reports.set('production', { ...failed, inventory: [inventoryEntry(), inventoryEntry({ trouble: 'cut off' })] });
    const { outputs } = await start({ projects: ['production'] });
    expect(outputs).toMatchObject({
      ...{ file: { production: '' }, bytes: { production: null }, sha256: { production: '' } },
      ...{ tables: { production: null }, inventory: { production: { hourly: { count: 1 } } } },
    });
  });

  it('have nothing at all of a project whose report is missing', async () => {
    onJob = (job) => endProgram(jobs, job, { lines: [], message: '', exitCode: 0, reason: 'Completed' });
    const { outputs } = await start({ projects: ['production'] });
    expect(outputs).toMatchObject({ result: 'failure', offsite: { production: '' }, inventory: { production: null } });
  });
});

describe('the summary', () => {
  const summaryOf = async (inputs: Partial<Inputs> = {}) => renderSummary('db-backup', await start(inputs));

  it('has a line for each project with size, speed, tables, rows, tiers and the copy off site', async () => {
    const text = await summaryOf();
    expect(text).toContain('9.0 MB of 48.0 MB');
    expect(text).toContain('24.0 MB/s');
    const line = text.split('\n').find((one) => one.startsWith('| production'));
    expect(line?.replaceAll('\\', '')).toMatch(
      /🟢 verified.*\| 2 \| 43 \| hourly, daily \| sent: every file compared \|/,
    );
  });

  it('has what there is by tier with ages, against what is kept', async () => {
    const entry = (at: string) => inventoryEntry({ name: at, at, tiers: ['hourly'] });
    const inventory = [inventoryEntry(), entry('2026-09-15T15:00:00Z'), entry('2026-09-13T16:00:00Z')];
    reports.set('production', { inventory });
    const text = await summaryOf();
    expect(text).toContain('| hourly | 3 | 24 | 1 min | 2 d |');
    expect(text).toContain('| monthly | 0 | 11 |  |  |');
  });

  it('has alarms, tables that are not carried whole, and what is no backup', async () => {
    const report = backupReport();
    const note = { note: 'float', columns: ['x'] } as const;
    const tables = report.manifest!.tables.map((table) => ({ ...table, notes: [note] }));
    const trouble = inventoryEntry({ name: 'backup-old.sql.gz', trouble: 'the end is missing' });
    reports.set('production', {
      ...{ alarms: ['it shrank'], manifest: { ...report.manifest!, tables }, inventory: [inventoryEntry(), trouble] },
    });
    const text = await summaryOf();
    for (const part of ['it shrank', 'viewer_target: float (x)', 'backup-old.sql.gz: the end is missing'])
      expect(text).toContain(part);
  });

  it('lets nothing out of its cells and folds', async () => {
    const sentence = 'x | <script>alert(1)</script> ``` ::error::x\n| a |';
    reports.set('production', { sentence, alarms: [sentence], offSite: { state: 'sent', said: sentence } });
    const text = await summaryOf();
    const raw = text.split('\n').filter((line) => line.includes('<script>') || line.startsWith('| a'));
    // Only in the fold, between fences that the text cannot end.
    expect(raw).toEqual(['x | <script>alert(1)</script> ``` ::error::x | a |']);
    expect(text).toContain('````text\nx |');
  });

  it('says what is not known yet when only the start was waited for', async () => {
    onJob = (job) => beginProgram(jobs, job);
    expect(await summaryOf({ wait: 'start' })).toContain('not known yet');
  });
});
