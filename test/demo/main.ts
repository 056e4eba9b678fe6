/**
 * `npm run demo`: the main job on the embedded ground, from a push to the page of the running TEST stack, then a push that cannot
 * work. `-- --keep` leaves the ground up to look around.
 */
import type { Run } from '@delivery/testing/github/run';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { down, up } from '../ground/ground.ts';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { readState } from '../ground/state.ts';
import { Clone, startGitHub } from '../road/forge.ts';
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

/** Pushes, shows what the run does as it does it, then its job summaries; fails when it ends otherwise than expected. */
async function deliver(clone: Clone, message: string, expected: Run['conclusion']): Promise<void> {
  say(`git push: ${message}`);
  let shown = '';
  const run = await clone.deliver(message, ({ jobs }) => {
    const now = jobs.map(({ name, status, conclusion }) => `${name}: ${conclusion ?? status}`).join(', ');
    if (now !== shown && now !== '') console.log(`    ${now}`);
    shown = now;
  });
  say(`the run ended as ${run.conclusion ?? 'nothing'}; its job summary:`);
  console.log(indent((await clone.client.summary(run.id)).trim()));
  if (run.conclusion === expected) return;
  console.log(indent(await clone.client.log(run.id)));
  throw new Error(`the run was to end as ${expected ?? 'nothing'}`);
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
  const gitHub = await startGitHub(state, await project.deployer());
  try {
    const clone = await Clone.create(state, gitHub.url, 'acme/stack', join(repositoryRoot, 'examples/stack'));
    await deliver(clone, 'The first version', 'success');
    say('the page of the running TEST stack, before');
    await showPage(project);

    clone.edit(template, (text) => text.replace(/<h1>(.*?)<\/h1>/, '<h1>$1, now in its second version</h1>'));
    await deliver(clone, 'A second version of the page', 'success');
    say('the page of the running TEST stack, after');
    await showPage(project);
    say('the tags in the registry');
    await showTags(state);

    clone.edit('manage.py', (text) => `import no_such_module\n${text}`);
    await deliver(clone, 'A version that cannot start', 'failure');
    say('red, and the page of the TEST stack is still there');
    await showPage(project);
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
