/**
 * `npm run demo`: the main job on the embedded ground, from a push to the page of the running TEST stack, then a push that cannot
 * work, then new data by a remote call into every project, then promotions to PRODUCTION, one after a backup that is restored into
 * STAGING, and a rollback. `-- --keep` leaves the ground up to look around.
 */
import type { Run } from '@delivery/testing/github/run';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run as runCommand } from '../ground/commands.ts';
import { down, up } from '../ground/ground.ts';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { readState } from '../ground/state.ts';
import { accountSecrets } from '../road/accounts.ts';
import { pushBackupImage } from '../road/backup-image.ts';
import { Calls } from '../road/calls.ts';
import { Clone, operatorToken, startGitHub } from '../road/forge.ts';
import { HeldJob } from '../road/loader-jobs.ts';
import { OffSite } from '../road/off-site.ts';
import { groundRegistry } from '../road/registry.ts';
import { StackProject } from '../road/stack-project.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
const template = 'targets/templates/targets/index.html';
const began = performance.now();

function say(text: string): void {
  console.log(`\n── ${((performance.now() - began) / 1000).toFixed(1)} s ── ${text}`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

/** A page as a person sees it, near enough. */
function asText(page: string): string {
  return indent(
    page
      .replace(/<(head|style|script)[\s\S]*?<\/\1>/g, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/[ \t]+/g, ' ')
      .replace(/\n\s*\n+/g, '\n')
      .trim(),
  );
}

async function showPage(project: StackProject): Promise<void> {
  console.log(asText(await project.page('/')));
  console.log(indent(await project.page('/version/')));
}

/** Prints what a run does as it does it. */
function progress(): (run: Run) => void {
  let shown = '';
  return ({ jobs }) => {
    const now = jobs.map(({ name, status, conclusion }) => `${name}: ${conclusion ?? status}`).join(', ');
    if (now !== shown && now !== '') console.log(`    ${now}`);
    shown = now;
  };
}

/** Shows the job summaries of a run that is over; fails when it ended otherwise than expected. */
async function report({ client }: Clone, run: Run, expected: Run['conclusion']): Promise<void> {
  say(`the run ended as ${run.conclusion ?? 'nothing'}; its job summary:`);
  console.log(indent((await client.summary(run.id)).trim()));
  if (run.conclusion === expected) return;
  console.log(indent(await client.log(run.id)));
  throw new Error(`the run was to end as ${expected ?? 'nothing'}`);
}

async function deliver(clone: Clone, message: string, expected: Run['conclusion']): Promise<Run> {
  say(`git push: ${message}`);
  const run = await clone.deliver(message, progress());
  await report(clone, run, expected);
  return run;
}

/** Calls as whoever has put new data down does it, and shows what comes of it. */
async function call(clone: Clone, requestId: string): Promise<void> {
  const url = `${clone.client.url}/repos/${clone.repository}/dispatches`;
  const body = JSON.stringify({ event_type: 'data-uploaded', client_payload: { 'request-id': requestId } });
  const curl = (token: string): string[] => ['-sS', '--fail', '-H', `Authorization: Bearer ${token}`, '-d', body, url];
  const quote = (word: string): string => (word.includes('$') ? `"${word}"` : word.includes('"') ? `'${word}'` : word);
  say('the call of whoever has put it down');
  console.log(indent(`curl ${curl('$TOKEN').map(quote).join(' ')}`));
  await runCommand('curl', curl(operatorToken));
  const calls = new Calls(clone.client, clone.repository, 'data-uploaded');
  await report(clone, await calls.waitForNewest(progress()), 'success');
  for (const { state, description } of (await calls.answers(requestId)).slice(0, 1))
    say(`commit status data-uploaded/${requestId}: ${state}, ${description}`);
}

/** As an operator does it in the form of a workflow, or by the command that a summary shows. */
async function start(
  clone: Clone,
  workflow: string,
  inputs: Record<string, string>,
  expected: Run['conclusion'] = 'success',
): Promise<void> {
  const fields = Object.entries(inputs).map(([name, value]) => `-f ${name}=${JSON.stringify(value)}`);
  say(`gh workflow run ${workflow} ${fields.join(' ')}`);
  const id = await clone.client.startWorkflow(clone.repository, workflow, 'main', inputs);
  await report(clone, await clone.client.waitForRun(id, { onChange: progress() }), expected);
}

/** Part two: the loader, built for new data and launched in every project. */
async function load(state: GroundState, clone: Clone, test: StackProject, ric: StackProject): Promise<void> {
  say('new data has been put down: django_data/2026-09-15T16');
  test.data.deposit('2026-09-15T16');
  await call(clone, 'upload-1');
  say('the page of the TEST stack, with the new targets');
  await showPage(test);

  say('more data, while a load still runs in RIC');
  const repository = `${state.registries.basic.host}/fragalysis-dev/loader-stream`;
  const held = await HeldJob.start(ric, `${repository}:latest`);
  test.data.deposit('2026-09-16T09', { targets: ['MPRO'] });
  await call(clone, 'upload-2');
  say('the new target is on the page of TEST, not of RIC, whose Job was left alone');
  for (const project of [test, ric]) {
    const found = (await project.page('/')).includes('MPRO') ? 'MPRO' : 'no MPRO';
    console.log(`    ${project.name}: ${found}`);
  }
  await held.release();
}

/** Part three: what was tried in TEST becomes stable, after a backup that is seen to restore, and goes back. */
async function promotions(
  clone: Clone,
  builds: readonly Run[],
  production: StackProject,
  staging: StackProject,
): Promise<void> {
  const [first, second, broken] = builds.map(({ runNumber }) => String(runNumber));
  await start(clone, 'promote.yml', { build: first ?? '', version: '2026.08.0', reason: 'the first release' });
  say('the page of PRODUCTION, before');
  await showPage(production);
  const release = { build: second ?? '', version: '2026.08.1', reason: 'a second version', 'backup-first': 'true' };
  await start(clone, 'promote.yml', release);
  say('the page of PRODUCTION, after');
  await showPage(production);
  await start(clone, 'restore.yml', { backup: 'latest' });
  say('the page of STAGING, with the database of that backup');
  await showPage(staging);
  await start(clone, 'promote.yml', { build: broken ?? '', version: '2026.08.2' }, 'failure');
  say('refused; now the rollback');
  await start(clone, 'promote.yml', { build: 'previous', reason: 'the colours are wrong' });
  say('the page of PRODUCTION, back');
  await showPage(production);
}

async function showTags(state: GroundState): Promise<void> {
  const registry = groundRegistry(state);
  const repository = { host: state.registries.basic.host, path: 'fragalysis-dev/web-stream' };
  const { signal } = new AbortController();
  for (const tag of await registry.listTags(repository, signal)) {
    console.log(`    ${tag.padEnd(10)} ${(await registry.readManifest(repository, tag, signal))?.digest ?? 'is gone'}`);
  }
}

async function demo(state: GroundState): Promise<void> {
  say('the TEST project of the example stack: database, volumes, three workloads without an image yet');
  const project = await StackProject.create(state);
  const gitHub = await startGitHub(state, await accountSecrets(state));
  try {
    const clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
    const first = await deliver(clone, 'The first version', 'success');
    say('the page of the running TEST stack, before');
    await showPage(project);

    clone.edit(template, (text) => text.replace(/<h1>(.*?)<\/h1>/, '<h1>$1, now in its second version</h1>'));
    const second = await deliver(clone, 'A second version of the page', 'success');
    say('the page of the running TEST stack, after');
    await showPage(project);
    say('the tags in the registry');
    await showTags(state);

    clone.edit('manage.py', (text) => `import no_such_module\n${text}`);
    const broken = await deliver(clone, 'A version that cannot start', 'failure');
    say('red, and the page of the TEST stack is still there');
    await showPage(project);
    say(
      'PRODUCTION, RIC and STAGING, with the first build; the image of the backups, and another server to send them to',
    );
    const backupImage = await pushBackupImage(state);
    await using offSite = await OffSite.start(state, backupImage);
    const [production, ric, staging] = await Promise.all([
      StackProject.create(state, 'production', { backupImage, offSite: offSite.secretFor('production') }),
      StackProject.create(state, 'ric'),
      StackProject.create(state, 'staging', { backupImage }),
    ]);
    await load(state, clone, project, ric);
    await promotions(clone, [first, second, broken], production, staging);
  } finally {
    await gitHub.stop();
  }
  say('the demo is over');
}

try {
  await up('embedded');
  await demo(readState());
} finally {
  if (values.keep) console.log('the ground stays up; `npm run ground -- down` takes it down');
  else await down();
}
