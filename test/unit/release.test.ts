import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

// The last step of release.yml, run against a repository that stands for GitHub's.

interface Workflow {
  readonly jobs: { readonly publish: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] } };
}

const file = join(import.meta.dirname, '../../.github/workflows/release.yml');
const { publish } = (parse(readFileSync(file, 'utf8')) as Workflow).jobs;
const script = publish.steps.find(({ name }) => name === 'Move the major tag')?.run ?? '';

const work = mkdtempSync(join(tmpdir(), 'release-'));
const remote = join(work, 'github/acme/suite.git');
const checkout = join(work, 'checkout');
const env = {
  PATH: process.env['PATH'],
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.org',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.org',
  // No network: the address that is pushed to stands for a folder.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: `url.${join(work, 'github')}/.insteadOf`,
  GIT_CONFIG_VALUE_0: 'git@github.com:',
};
const git = (...args: string[]) => execFileSync('git', args, { cwd: checkout, env, encoding: 'utf8' }).trim();
const tag = (name: string) => git('ls-remote', remote, `refs/tags/${name}`).split('\t')[0];
const commit = () => git('commit', '--quiet', '--allow-empty', '--message', 'more');
let key = '';

function move(release: string, secret: string) {
  const given = { ...env, KEY: secret, TAG: release, GITHUB_REPOSITORY: 'acme/suite', RUNNER_TEMP: work };
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: checkout, env: given, encoding: 'utf8' });
}

beforeAll(() => {
  for (const options of [['--bare', remote], [checkout]]) execFileSync('git', ['init', '--quiet', ...options], { env });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(work, 'key')]);
  key = readFileSync(join(work, 'key'), 'utf8').trim();
  commit();
});

afterAll(() => rmSync(work, { recursive: true }));

it('moves the major tag to what was released, the first time and each time after', () => {
  expect(move('v1.0.0', key).status).toBe(0);
  expect(tag('v1')).toBe(git('rev-parse', 'HEAD'));
  commit();
  expect(move('v1.1.0', key).status).toBe(0);
  expect(tag('v1')).toBe(git('rev-parse', 'HEAD'));
});

it.each([
  ['there is no key', () => '', 'environment release has no secret TAG_KEY'],
  ['it is no key', () => 'hunter2', 'secret TAG_KEY is not a private key'],
])('is red and says why when %s', (_, secret, why) => {
  const { status, stdout } = move('v2.0.0', secret());
  expect([status, tag('v2')]).toEqual([1, '']);
  expect(stdout).toBe(
    `::error::v2.0.0 is released, but v2 was not moved: ${why}. See docs/security.md, then re-run this job.\n`,
  );
});

it('is red and says why when the tag may not be moved', () => {
  writeFileSync(join(remote, 'hooks/update'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const { status, stdout } = move('v2.0.0', key);
  expect([status, tag('v2')]).toEqual([1, '']);
  expect(stdout).toContain(
    'v2 was not moved: the deploy key TAG_KEY may not write it, or a ruleset lets no deploy key pass',
  );
});
