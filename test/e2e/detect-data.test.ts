import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readState } from '../ground/state.ts';
import type { BundleRun } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { LaunchSite } from '../road/launch-site.ts';

// Scenario 3 of the domain with detect-data's bundle: in a directory that the runner sees, and through a real Job where it does not.

const state = readState();
const { host } = state.registries.basic;
const stamp = Date.now();
const namespace = `e2e-data-${stamp}`;
const site = new LaunchSite(state, [namespace], 'detect-data');
const topology = `images: { loader: { repository: '${host}/e2e/data-${stamp}', build: { context: . } } }
projects:
  test: { namespace: ${namespace}, follows: latest, data: { cronJob: loader } }
`;
let root: string;
let checkout: Checkout;
let kubeconfig = '';
let runs = 0;

function deposit(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, name));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
}

function detect(inputs: Record<string, string> = {}): Promise<BundleRun> {
  runs += 1;
  return checkout.run('detect-data', { root, kubeconfig, ...inputs }, { id: runs });
}

async function expectFound(run: Promise<BundleRun>, outputs: Record<string, string>): Promise<BundleRun> {
  const ended = await run;
  if (JSON.stringify({ ...ended.outputs, ...outputs }) !== JSON.stringify(ended.outputs)) throw new Error(ended.log);
  return ended;
}

beforeAll(async () => {
  root = mkdtempSync(join(state.directories.run, 'django-data-'));
  chmodSync(root, 0o755);
  checkout = new Checkout(state, { 'delivery.yaml': topology, Dockerfile: `FROM ${host}/${state.images.busybox}\n` });
  await site.create('echo "2026-09-20T08 directory file 12"; echo "end 1"');
  kubeconfig = await site.kubeconfig();
});

afterAll(async () => {
  rmSync(root, { recursive: true });
  checkout.remove();
  await site.remove();
});

describe('detect-data', () => {
  it('finds no data in an empty directory', async () => {
    await expectFound(detect(), { result: 'skipped', new: 'false' });
  });

  it('finds the newest complete directory while there is no image yet, and not one that is still being uploaded', async () => {
    deposit('2026-09-14T09', { READY: '', TARGET_LIST: 'MURD\n' });
    deposit('2026-09-15T16', { READY: '', TARGET_LIST: 'NUDT7A\n' });
    deposit('2026-09-16T10', { TARGET_LIST: 'HAO1A\n' });
    symlinkSync('/etc', join(root, '2026-09-17T10'));
    const run = await expectFound(detect(), { result: 'success', 'data-origin': '2026-09-15T16', new: 'true' });
    expect(run.summary).toContain('2026-09-16T10');
  });

  it('finds nothing new once the image has been built for it, unless it is forced', async () => {
    const build = { builder: 'docker', image: 'loader', labels: 'data.origin=2026-09-15T16' };
    expect((await checkout.run('build-and-tag', build)).exitCode).toBe(0);
    const run = await expectFound(detect(), { result: 'skipped', 'data-origin': '2026-09-15T16', new: 'false' });
    expect([run.exitCode, run.log]).toEqual([0, expect.stringContaining('No new data') as string]);
    await expectFound(detect({ force: 'true' }), { result: 'success', 'data-origin': '2026-09-15T16' });
    await expectFound(detect({ 'data-origin': '2026-09-14T09' }), {
      result: 'success',
      'data-origin': '2026-09-14T09',
    });
  });

  it('refuses READY without TARGET_LIST by name, and gives the id of the call back', async () => {
    deposit('2026-09-18T10', { READY: '' });
    const payload = '{"request-id":"upload-7"}';
    const run = await expectFound(detect({ payload }), { result: 'failure', 'request-id': 'upload-7' });
    expect(run.exitCode).toBe(1);
    expect(run.log).toMatch(/::error.*2026-09-18T10.*TARGET_LIST/);
  });

  it('refuses a directory that is not there, is a link, or is not complete', async () => {
    for (const name of ['2026-01-01T00', '2026-09-17T10', '2026-09-16T10']) {
      const run = await detect({ 'data-origin': name });
      expect([run.outputs['result'], run.log]).toEqual(['failure', expect.stringContaining(name) as string]);
    }
  });

  it('looks through a Job of the project where the runner does not see the data, and removes it', async () => {
    const run = await expectFound(detect({ root: '/no/such/folder' }), {
      result: 'success',
      'data-origin': '2026-09-20T08',
    });
    expect(run.log).toContain('/no/such/folder');
    expect(await site.jobs(namespace)).toEqual([]);
  });

  it('concludes nothing from what a Job prints otherwise', async () => {
    await site.script('echo "2026-09-21T08 directory file 12"; echo "::set-output name=result::success"');
    const run = await expectFound(detect({ root: '' }), { result: 'failure', 'data-origin': '' });
    expect(run.exitCode).toBe(1);
    expect(await site.jobs(namespace)).toEqual([]);
  });
});
