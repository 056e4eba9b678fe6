import { defaultKeep, keptBy } from '@delivery/core/domain/backup/tiers';
import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { Run } from '@delivery/testing/github/run';
import type { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { until } from '../ground/commands.ts';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { accountSecrets } from '../road/accounts.ts';
import { pushBackupImage } from '../road/backup-image.ts';
import { Clone, startGitHub } from '../road/forge.ts';
import { OffSite } from '../road/off-site.ts';
import { ProjectDatabase } from '../road/project-database.ts';
import { groundRegistry } from '../road/registry.ts';
import { StackProject } from '../road/stack-project.ts';

// Scenario 10 of the domain by the suite's own workflows: backups of PRODUCTION, what makes them fail, a promotion that asks for one, a
// restore into STAGING, the drill. Nothing is faked but GitHub itself.

const state = readState();
const { host } = state.registries.basic;
const never = new AbortController().signal;
const lock = 'delivery-backup:fragalysis';
/** One that no earlier suite on this ground has used. */
const version = `${2100 + Math.floor(Math.random() * 7_000)}.11.1`;

let gitHub: GitHubStandIn;
let clone: Clone;
let offSite: OffSite;
let test: StackProject;
let production: StackProject;
let staging: StackProject;
let database: ProjectDatabase;
let build: Run;
let promotion: Record<string, string>;

async function start(workflow: string, inputs: Record<string, string | boolean>): Promise<number> {
  return clone.client.startWorkflow('acme/stack', workflow, 'main', inputs);
}

async function finished(workflow: string, inputs: Record<string, string | boolean>): Promise<Run> {
  return clone.client.waitForRun(await start(workflow, inputs));
}

const backUp = (tier = 'manual'): Promise<Run> => finished('backup.yml', { projects: 'production', tier });

/** The run's summary, when it ended as expected. */
async function summaryOf(run: Run, conclusion: Run['conclusion']): Promise<string> {
  if (run.conclusion !== conclusion)
    throw new Error(`${run.conclusion ?? 'none'}: ${run.problem ?? ''}\n${await clone.client.log(run.id)}`);
  return clone.client.summary(run.id);
}

/** Files of a tier's folder, backups only, oldest first. */
function filesOf(folder: string, tier: string): string[] {
  const path = join(folder, tier);
  const names = existsSync(path) ? readdirSync(path) : [];
  return names.filter((name) => parseBackupName(name) !== undefined).sort();
}

const tiers = ['hourly', 'daily', 'weekly', 'monthly', 'manual'] as const;
const backups = (folder = production.backupFolder): string[] =>
  [...new Set(tiers.flatMap((tier) => filesOf(folder, tier)))].sort();

/** What lies in a folder that is no backup with its manifest. */
function partials(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return all.filter((name) => !/(^|\/)backup-[^/]*\.sql\.(zst|gz)(\.json)?$/.test(name));
}

/** A file as the old system left it: hourly for 30 hours, daily for ten days, weekly for five weeks. */
function depositOldBackups(): void {
  const hour = 3_600_000;
  const now = Date.now();
  const dump = gzipSync(
    '-- MySQL dump 10.13\n\n--\n-- Table structure for table `target`\n--\n\nCREATE TABLE `target` (`name` int);\n' +
      '-- Dump completed on 2026-01-01  0:05:00\n',
  );
  const deposit = (tier: string, time: number): void => {
    const folder = join(production.backupFolder, tier);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    writeFileSync(join(folder, `backup-${new Date(time).toISOString().slice(0, 19)}Z-fragalysis.sql.gz`), dump);
  };
  for (let index = 1; index <= 30; index += 1) deposit('hourly', now - index * hour);
  for (let index = 2; index <= 10; index += 1) deposit('daily', now - index * 24 * hour);
  for (let index = 2; index <= 5; index += 1) deposit('weekly', now - index * 7 * 24 * hour);
}

/** Gives what it was before. By standard input: a secret is never an argument. */
async function setSecret(name: string, key: string, value: string): Promise<string> {
  const { kubectl, namespace } = production;
  const secret = await kubectl.get<{ data: Record<string, string> }>(namespace, 'secret', name);
  const before = Buffer.from(secret.data[key] ?? '', 'base64').toString();
  secret.data[key] = Buffer.from(value).toString('base64');
  await kubectl.run(['replace', '-f', '-'], JSON.stringify(secret));
  return before;
}

async function promotedTags(): Promise<readonly string[]> {
  return groundRegistry(state).listTags({ host, path: 'fragalysis-prod/web-stream' }, never);
}

beforeAll(async () => {
  const backupImage = await pushBackupImage(state);
  [offSite, test] = await Promise.all([OffSite.start(state, backupImage), StackProject.create(state)]);
  gitHub = await startGitHub(state, await accountSecrets(state));
  clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
  build = await clone.deliver('One to back up for');
  await summaryOf(build, 'success');
  promotion = { build: String(build.runNumber), version, project: 'production' };
  [production, staging] = await Promise.all([
    StackProject.create(state, 'production', { backupImage, offSite: offSite.secretFor('production') }),
    StackProject.create(state, 'staging', { backupImage }),
  ]);
  database = new ProjectDatabase(production);
  const rows = ['HAO1A', 'MURD', 'NUDT7A'].map((name) => `('${name}', '2026-09-15T16', '2026-09-16 10:00:00', 2)`);
  await database.sql(`INSERT INTO target (name, data_origin, loaded_at, files) VALUES ${rows.join(', ')}`);
});

afterAll(async () => {
  await gitHub.stop();
  await Promise.all([test, production, staging].map((project) => project.remove()));
  await offSite[Symbol.asyncDispose]();
});

describe('a backup by the form', () => {
  it('is verified, lies on the volume and off site, and its summary says so', async () => {
    depositOldBackups();
    const old = backups();
    const summary = await summaryOf(await backUp(), 'success');
    const [file = '', ...more] = filesOf(production.backupFolder, 'manual');
    expect(more).toEqual([]);
    expect(summary).toContain(file);
    const manifest = JSON.parse(readFileSync(join(production.backupFolder, 'manual', `${file}.json`), 'utf8')) as {
      tables: { name: string; rows: number }[];
    };
    expect(manifest.tables.find(({ name }) => name === 'target')?.rows).toBe(3);
    expect(backups(join(offSite.folder, 'production'))).toContain(file);
    expect(partials(production.backupFolder)).toEqual([]);
    // Those of the old system are counted, and go in their turn: 24 hours, 6 days, 3 weeks, 11 months.
    const kept = keptBy(
      [...old, file].map((name) => ({ name, at: parseBackupName(name)!.at, manual: name === file })),
      defaultKeep,
    );
    for (const tier of tiers) {
      const wanted = [...kept].filter(([, of]) => of.includes(tier)).map(([name]) => name);
      expect([tier, filesOf(production.backupFolder, tier)]).toEqual([tier, wanted.sort()]);
    }
  });

  it('is not made again by the schedule while nothing is due', async () => {
    // The first may be due, when an hour has just begun; the second is not, or another hour has begun meanwhile.
    await summaryOf(await backUp('auto'), 'success');
    const before = backups();
    const summary = await summaryOf(await backUp('auto'), 'success');
    const added = backups().filter((name) => !before.includes(name));
    const hours = (names: readonly string[]) => names.map((name) => name.slice(0, 'backup-2026-11-23T07'.length));
    expect(hours(added).filter((hour) => hours(before).includes(hour))).toEqual([]);
    if (added.length === 0) expect(summary).toContain('no tier is due');
  });
});

describe('a manual backup beside a scheduled one', () => {
  it('waits for it, and both are made', async () => {
    const before = backups();
    const { kubectl, namespace } = production;
    // The lock of the program, held by a session of ours: the scheduled Job runs, and waits.
    const held = database.sql(`SELECT GET_LOCK('${lock}', 10), SLEEP(120)`);
    held.catch(() => undefined);
    const holder = `SELECT COALESCE(IS_USED_LOCK('${lock}'), 0)`;
    await until('the lock is held', 20_000, async () => (await database.sql(holder)) !== '0');
    await kubectl.run(['-n', namespace, 'create', 'job', 'scheduled', '--from=cronjob/db-backup']);
    await kubectl.run(['-n', namespace, 'wait', 'job/scheduled', '--for=jsonpath={.status.ready}=1', '--timeout=60s']);
    const id = await start('backup.yml', { projects: 'production', tier: 'manual' });
    const waits = async () => (await clone.client.log(id)).includes(`waiting: Job ${namespace}/scheduled`);
    await until('the manual one waits', 60_000, waits);
    await database.sql(`KILL ${await database.sql(holder)}`);
    await summaryOf(await clone.client.waitForRun(id), 'success');
    const added = backups().filter((name) => !before.includes(name));
    const manual = added.filter((name) => filesOf(production.backupFolder, 'manual').includes(name));
    expect(manual).toHaveLength(1);
    expect(partials(production.backupFolder)).toEqual([]);
  });
});

describe('a backup that fails', () => {
  it('is red with the reason, leaves what was there, and stops a promotion that asked for it', async () => {
    const canary = 'wrong-password-canary-5e1c';
    const [before, tagsBefore] = [backups(), await promotedTags()];
    const password = await setSecret('fs-mysql-secrets', 'database-root-password', canary);
    try {
      const run = await backUp();
      expect(await summaryOf(run, 'failure')).toMatch(/access/i);
      expect(await clone.client.log(run.id)).not.toContain(canary);
      expect(backups()).toEqual(before);
      const inputs = { ...promotion, 'backup-first': 'true' };
      expect(await summaryOf(await finished('promote.yml', inputs), 'failure')).toMatch(/backup[^]*access/i);
      expect(await promotedTags()).toEqual(tagsBefore);
    } finally {
      await setSecret('fs-mysql-secrets', 'database-root-password', password);
    }
  });

  it('to arrive off site is red, though the backup stays; the next one sends both', async () => {
    const before = backups();
    const password = await setSecret('fs-backup-secrets', 'password', 'another-canary-77aa');
    let added: string[];
    try {
      const run = await backUp();
      expect(await summaryOf(run, 'failure')).toMatch(/off.site/i);
      expect(await clone.client.log(run.id)).not.toContain('another-canary-77aa');
      added = backups().filter((name) => !before.includes(name));
      expect(added).toHaveLength(1);
    } finally {
      await setSecret('fs-backup-secrets', 'password', password);
    }
    await summaryOf(await backUp(), 'success');
    expect(backups(join(offSite.folder, 'production'))).toEqual(expect.arrayContaining(added));
  });
});

describe('a promotion with a backup first', () => {
  it('takes one, and names it', async () => {
    const before = backups();
    const inputs = {
      build: String(build.runNumber),
      version,
      'backup-first': 'true',
      project: 'production',
    };
    const summary = await summaryOf(await finished('promote.yml', inputs), 'success');
    const [added = 'none'] = backups().filter((name) => !before.includes(name));
    expect(summary).toContain(added);
  });
});

describe('a restore', () => {
  it('lists what there is', async () => {
    const summary = await summaryOf(await finished('restore.yml', { backup: 'list' }), 'success');
    for (const name of filesOf(production.backupFolder, 'manual')) expect(summary).toContain(name);
  });

  it('into STAGING makes every table equal, masks, and STAGING shows it', async () => {
    const rows = 'SELECT name, files FROM target ORDER BY name';
    const there = await database.sql(rows);
    const summary = await summaryOf(await finished('restore.yml', { backup: 'latest' }), 'success');
    const restored = new ProjectDatabase(staging);
    expect(await restored.sql(rows)).toBe(there);
    expect(await restored.sql('SELECT DISTINCT data_origin FROM target')).toBe('2000-01-01T00');
    expect(await database.sql('SELECT DISTINCT data_origin FROM target')).toBe('2026-09-15T16');
    expect(summary).toContain('target.data_origin');
    expect(await staging.page('/')).toContain('Targets loaded: 3');
  });

  it('over PRODUCTION is refused without its name', async () => {
    const before = await database.checksums();
    const run = await finished('restore.yml', { backup: 'latest', project: 'production' });
    expect(await summaryOf(run, 'failure')).toContain('confirm');
    expect((await database.checksums())['target']).toBe(before['target']);
  });

  it('over PRODUCTION with its name backs it up first', async () => {
    const before = backups();
    await database.sql("DELETE FROM target WHERE name = 'MURD'");
    const inputs = { backup: filesOf(production.backupFolder, 'manual').at(-1) ?? '', project: 'production' };
    await summaryOf(await finished('restore.yml', { ...inputs, confirm: 'production' }), 'success');
    expect(await database.sql('SELECT COUNT(*) FROM target')).toBe('3');
    expect(backups().filter((name) => !before.includes(name))).toHaveLength(1);
  });
});

describe('the drill', () => {
  it('restores the newest, compares, and leaves nothing', async () => {
    const schemas = () => new ProjectDatabase(staging).sql('SHOW DATABASES');
    const before = await schemas();
    const summary = await summaryOf(await finished('drill.yml', {}), 'success');
    expect(summary).toContain(backups().at(-1));
    expect(await schemas()).toBe(before);
  });
});

it('sends nothing that GitHub does not describe, and prints no secret', async () => {
  expect(gitHub.violations).toEqual([]);
  const secrets = new Set((await Promise.all([test, production, staging].map((one) => one.secretValues()))).flat());
  secrets.add(offSite.secretFor('production')['password'] ?? '');
  for (const id of await clone.client.runIds('acme/stack')) {
    const annotations = JSON.stringify(await clone.client.annotations(id));
    const texts = [await clone.client.log(id), await clone.client.summary(id), annotations];
    for (const secret of secrets) expect(texts.some((text) => text.includes(secret))).toBe(false);
  }
});
