import { readLedger } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import type { Run } from '@delivery/testing/github/run';
import type { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { accountSecrets } from '../road/accounts.ts';
import { pushBackupImage } from '../road/backup-image.ts';
import { Calls } from '../road/calls.ts';
import { Clone, operatorToken, startGitHub } from '../road/forge.ts';
import { OffSite } from '../road/off-site.ts';
import { groundRegistry } from '../road/registry.ts';
import { StackProject } from '../road/stack-project.ts';

// Scenarios 7 and 8 of the domain by the suite's own workflows: a build of TEST becomes stable in PRODUCTION and RIC, by the form and by a
// call, and back. Nothing is faked but GitHub itself.

const state = readState();
const registry = groundRegistry(state);
const { host } = state.registries.basic;
const built = { host, path: 'fragalysis-dev/web-stream' };
const promoted = { host, path: 'fragalysis-prod/web-stream' };
const never = new AbortController().signal;
/** Versions that no earlier suite on this ground has used. */
const year = 2100 + Math.floor(Math.random() * 7_000);
const version = (number: number) => `${year}.08.${number}`;

let gitHub: GitHubStandIn;
let clone: Clone;
let calls: Calls;
let test: StackProject;
let production: StackProject;
let ric: StackProject;
let offSite: OffSite;
let first: Run;
let second: Run;

const digestOf = async (repository: typeof built, tag: string): Promise<Digest | undefined> =>
  (await registry.readManifest(repository, tag, never))?.digest;

async function promotedTags(): Promise<Record<string, Digest | undefined>> {
  const tags = await registry.listTags(promoted, never);
  return Object.fromEntries(await Promise.all(tags.map(async (tag) => [tag, await digestOf(promoted, tag)] as const)));
}

async function served(project: StackProject): Promise<unknown> {
  return JSON.parse((await project.page('/version/')).replace(/^200 /, ''));
}

async function promote(inputs: Record<string, string | boolean>): Promise<Run> {
  const id = await clone.client.startWorkflow('acme/stack', 'promote.yml', 'main', inputs);
  return clone.client.waitForRun(id);
}

/** The run's summary, when it ended as expected. */
async function summaryOf(run: Run, conclusion: Run['conclusion']): Promise<string> {
  if (run.conclusion !== conclusion)
    throw new Error(`${run.conclusion ?? 'none'}: ${run.problem ?? ''}\n${await clone.client.log(run.id)}`);
  return clone.client.summary(run.id);
}

/** That the digest of a build of TEST is stable, and what production and ric run and serve. */
async function expectStable(run: Run, as: string): Promise<void> {
  const digest = await digestOf(built, `latest-${run.runNumber}`);
  expect(digest).toBeDefined();
  expect([await digestOf(promoted, 'stable'), await digestOf(promoted, as)]).toEqual([digest, digest]);
  for (const project of [production, ric]) {
    expect(await project.images()).toEqual(Array(3).fill(`${host}/${promoted.path}@${digest}`));
    expect(await served(project)).toMatchObject({ build: run.runNumber, commit: run.sha });
  }
}

beforeAll(async () => {
  test = await StackProject.create(state);
  gitHub = await startGitHub(state, await accountSecrets(state));
  clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
  calls = new Calls(clone.client, 'acme/stack', 'promote-image');
  first = await clone.deliver('One to promote');
  await summaryOf(first, 'success');
  const backupImage = await pushBackupImage(state);
  offSite = await OffSite.start(state, backupImage);
  [production, ric] = await Promise.all([
    StackProject.create(state, 'production', { backupImage, offSite: offSite.secretFor('production') }),
    StackProject.create(state, 'ric'),
  ]);
  clone.edit('manage.py', (text) =>
    text.replace(
      /^import os\n/m,
      'import os\n\nif os.environ.get("BREAKS_HERE"):\n    raise SystemExit("it breaks here")\n',
    ),
  );
  second = await clone.deliver('Another one');
});

afterAll(async () => {
  await gitHub.stop();
  await Promise.all([test, production, ric].map((project) => project.remove()));
  await offSite[Symbol.asyncDispose]();
});

describe('the summary of a build', () => {
  it('lists the builds that can be promoted, with the command and the form', async () => {
    const summary = await summaryOf(second, 'success');
    expect(summary).toContain(`gh workflow run promote.yml -R acme/stack -f image=web -f build=${second.runNumber}`);
    expect(summary).toContain('/acme/stack/actions/workflows/promote.yml');
  });
});

describe('a promotion by the form', () => {
  it('only shows the difference in a dry run', async () => {
    const before = await promotedTags();
    const run = await promote({ build: String(first.runNumber), version: version(1), 'dry-run': true });
    const summary = await summaryOf(run, 'success');
    expect(summary).toContain(`Dry run: web latest-${first.runNumber} as ${version(1)} would become stable`);
    // The second job, which can change something, is not begun.
    expect(run.jobs).toHaveLength(1);
    expect(await promotedTags()).toEqual(before);
  });

  it('makes the digest of TEST stable, and PRODUCTION and RIC serve it', async () => {
    const run = await promote({ build: String(first.runNumber), version: version(1), reason: 'the release' });
    await summaryOf(run, 'success');
    await expectStable(first, version(1));
    const ledger = await readLedger(promoted, (await digestOf(promoted, 'stable'))!, registry, never);
    expect(ledger.map(({ event }) => event)).toEqual(['built', 'tested', 'promoted']);
    expect(ledger.at(-1)).toMatchObject({
      ...{ verdict: 'success', version: version(1), reason: 'the release', build: first.runNumber },
      run: `${gitHub.url}/acme/stack/actions/runs/${run.id}/attempts/1`,
    });
  });

  it('records the deployment of production at GitHub', async () => {
    const headers = { authorization: `Bearer ${operatorToken}` };
    const answer = await fetch(`${gitHub.url}/repos/acme/stack/deployments?environment=production`, { headers });
    const [deployment] = (await answer.json()) as { payload: { build: string } }[];
    expect(deployment?.payload.build).toContain(`latest-${first.runNumber} as ${version(1)}`);
  });

  it.each([
    ['a build that is not there', () => ({ build: '999999', version: version(2) }), 'has no latest-999999'],
    [
      'a version in use for another build',
      () => ({ build: String(second.runNumber), version: version(1) }),
      'is in use for another digest',
    ],
    ['1.2', () => ({ build: 'latest', version: '1.2' }), '"1.2" is not a version of three numbers'],
    ['v1.2.3-x', () => ({ build: 'latest', version: 'v1.2.3-x' }), '"v1.2.3-x" is not a version of three numbers'],
  ])('is refused for %s, and nothing is written', async (_, inputs, reason) => {
    const before = await promotedTags();
    const run = await promote(inputs());
    expect(await summaryOf(run, 'failure')).toContain(reason);
    expect(await promotedTags()).toEqual(before);
  });
});

describe('a promotion by a call', () => {
  it('does the same, with the commits that come, and is answered', async () => {
    const run = await calls.call({ build: 'latest', version: version(2), 'request-id': 'release-2' });
    const summary = await summaryOf(run, 'success');
    await expectStable(second, version(2));
    expect(summary).toContain('Another one');
    expect(run.title).toBe('Promote, release-2');
    const answers = await calls.answers('release-2');
    expect(answers.map(({ state: said, description }) => `${said}: ${description}`)).toEqual([
      `success: web latest-${second.runNumber} as ${version(2)} is stable (forward): healthy in production, healthy in ric.`,
      'pending: Taken; it is being worked on',
    ]);
  });

  it('is refused with all that is wrong with it', async () => {
    const before = await promotedTags();
    const run = await calls.call({ build: 'newest', force: true, 'request-id': 'release-3' });
    const summary = await summaryOf(run, 'failure');
    for (const part of ['"build" is "newest"', '"force" is not a key of it']) expect(summary).toContain(part);
    expect(await promotedTags()).toEqual(before);
    expect((await calls.answers('release-3'))[0]?.state).toBe('failure');
  });
});

describe('a rollback', () => {
  it('is one step: a backup, then the previous stable is back, said as such, with a warning about the database', async () => {
    const run = await promote({ build: 'previous', reason: 'colours are wrong' });
    const summary = await summaryOf(run, 'success');
    await expectStable(first, version(1));
    expect(summary).toContain('(rollback)');
    expect(summary).toContain('The database does not roll back with the image.');
    expect(summary).toMatch(/backup-\S+Z-fragalysis\.sql\.zst/);
    const messages = (await clone.client.annotations(run.id)).map(({ message }) => message);
    expect(messages.join()).toContain('The database does not roll back');
  });
});

describe('what fails', () => {
  it('in TEST cannot be promoted', async () => {
    clone.edit('manage.py', (text) => `import no_such_module\n${text}`);
    const broken = await clone.deliver('Cannot start');
    await summaryOf(broken, 'failure');
    const before = await promotedTags();
    const run = await promote({ build: String(broken.runNumber), version: version(3) });
    expect(await summaryOf(run, 'failure')).toContain('failed when it was last tried');
    expect(await promotedTags()).toEqual(before);
  });

  it('in PRODUCTION only goes back together: its workloads, stable, and RIC, which had followed', async () => {
    const { kubectl, namespace } = production;
    await kubectl.run(['-n', namespace, 'set', 'env', 'deployment/web', 'BREAKS_HERE=1']);
    await kubectl.run(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
    const run = await promote({ build: version(2) });
    const summary = await summaryOf(run, 'failure');
    expect(summary).toContain('it breaks here');
    expect(summary).toContain(`stable is latest-${first.runNumber} again`);
    await expectStable(first, version(1));
    const [newest] = (await readLedger(promoted, (await digestOf(promoted, version(2)))!, registry, never)).slice(-1);
    expect(newest).toMatchObject({ event: 'promoted', verdict: 'failure' });
  });
});

it('sends nothing that GitHub does not describe, and prints no secret', async () => {
  expect(gitHub.violations).toEqual([]);
  const secrets = new Set((await Promise.all([test, production, ric].map((one) => one.secretValues()))).flat());
  for (const id of await clone.client.runIds('acme/stack')) {
    const annotations = JSON.stringify(await clone.client.annotations(id));
    const texts = [await clone.client.log(id), await clone.client.summary(id), annotations];
    for (const secret of secrets) expect(texts.some((text) => text.includes(secret))).toBe(false);
  }
});
