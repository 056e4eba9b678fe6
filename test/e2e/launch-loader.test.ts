import { commandsIn } from '@delivery/testing/runner-commands';
import { readState } from '../ground/state.ts';
import type { BundleRun } from '../road/bundle.ts';
import { Checkout } from '../road/checkout.ts';
import { LaunchSite } from '../road/launch-site.ts';

// launch-loader's committed bundle on real Jobs: what blocks, what has failed and why, what the log may hold, what a cancel leaves.

const state = readState();
const { host } = state.registries.basic;
const stamp = Date.now();
const [one, two] = [`e2e-launch-${stamp}`, `e2e-launch-${stamp}-two`] as const;
const site = new LaunchSite(state, [one, two], 'launch-loader');
const image = `${host}/e2e/launch-${stamp}`;
const job = "{ cronJob: loader, timeout: 4m, succeeds: { logMatches: '^loaded: [0-9]+' } }";
const project = (namespace: string, more = '') =>
  `{ namespace: ${namespace}, follows: latest, ${more} jobs: { loader: ${job} } }`;
const files = {
  Dockerfile: `FROM ${host}/${state.images.busybox}\n`,
  'delivery.yaml': `images: { loader: { repository: '${image}', build: { context: . } } }
projects:
  one: ${project(one)}
  two: ${project(two, 'cluster: there,')}
  away: ${project('somewhere', 'cluster: away,')}
`,
};
let checkout: Checkout;
let kubeconfig = '';
let runs = 0;

function launch(inputs: Record<string, string> = {}): Promise<BundleRun> {
  return start(inputs).done;
}

function start(inputs: Record<string, string>): ReturnType<Checkout['start']> {
  runs += 1;
  return checkout.start('launch-loader', { kubeconfig, projects: 'one', ...inputs }, { number: runs, id: 1000 + runs });
}

interface Told {
  readonly uid: string;
  readonly verdict: string;
  readonly cause: string;
}

function told(run: BundleRun, name = 'one'): Told {
  const found = (JSON.parse(run.outputs['jobs'] || '{}') as Record<string, Told>)[name];
  if (!found) throw new Error(run.log);
  return found;
}

async function uids(namespace: string): Promise<string[]> {
  return (await site.jobs(namespace)).map(({ uid }) => uid);
}

async function until(begun: ReturnType<typeof start>, text: string): Promise<void> {
  while (!begun.log().includes(text)) await new Promise((resolve) => setTimeout(resolve, 50));
}

beforeAll(async () => {
  checkout = new Checkout(state, files);
  await site.create('echo "loaded: 3 targets"');
  kubeconfig = await site.kubeconfig();
  const build = { builder: 'docker', image: 'loader', labels: 'data.origin=2026-09-15T16' };
  const run = await checkout.run('build-and-tag', build, { number: 12 });
  if (run.exitCode !== 0) throw new Error(run.log);
});

afterAll(async () => {
  checkout.remove();
  await site.remove();
});

describe('launch-loader', () => {
  it('launches in all projects that it is asked for, by digest, and says that they have loaded', async () => {
    const run = await launch({ projects: 'one\ntwo' });
    expect([told(run), told(run, 'two')]).toMatchObject([{ verdict: 'succeeded' }, { verdict: 'succeeded' }]);
    expect(run.outputs).toMatchObject({ result: 'success', launched: '["one","two"]', blocked: '[]', failed: '[]' });
    interface Item {
      readonly metadata: { readonly labels: object; readonly ownerReferences: readonly object[] };
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { image: string }[] } } };
    }
    const { metadata, spec } = await site.kubectl.get<Item>(one, 'job/loader');
    expect(metadata.labels).toMatchObject({
      'delivery.actions/build': '12',
      'delivery.actions/data-origin': '2026-09-15T16',
      'delivery.actions/run-id': '1001',
    });
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'loader', controller: true }]);
    expect(spec.template.spec.containers[0]?.image).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(run.log).toContain('[two] loaded: 3 targets');
  });

  it('leaves a project alone where one runs, launches in the other, and is yellow', async () => {
    await site.script('sleep 600');
    await site.kubectl.run(['-n', two, 'create', 'job', 'by-hand', '--from=cronjob/loader']);
    await site.script('echo "loaded: 3 targets"');
    const before = await uids(two);
    const run = await launch({ projects: 'one\ntwo' });
    expect(run.exitCode).toBe(0);
    expect(run.outputs).toMatchObject({ result: 'unstable', launched: '["one"]', blocked: '["two"]', failed: '[]' });
    expect(run.summary).toMatch(/by-hand .*since \d{4}-\d\d-\d\dT\d\d:\d\dZ/);
    expect(commandsIn(run.log).map(({ name }) => name)).toContain('warning');
    expect((await uids(two)).sort()).toEqual(before.sort());
    await site.removeJobs(two);
  });

  it('waits for one that runs, or fails beside it, when that is asked for', async () => {
    await site.script('sleep 15');
    await site.kubectl.run(['-n', one, 'create', 'job', 'by-hand', '--from=cronjob/loader']);
    await site.script('echo "loaded: 3 targets"');
    const failed = await launch({ 'on-running': 'fail' });
    expect([failed.exitCode, failed.outputs['blocked']]).toEqual([1, '["one"]']);
    const run = await launch({ 'on-running': 'wait' });
    expect(told(run)).toMatchObject({ verdict: 'succeeded' });
    expect(run.log).toContain(`waiting: Job ${one}/by-hand`);
    expect(await uids(one)).toEqual([told(run).uid]);
  });

  it('adopts its own Job when the same attempt starts again, and goes on watching one that runs in a re-run', async () => {
    await site.script('sleep 8; echo "loaded: 3 targets"');
    const first = start({});
    await until(first, 'is made from CronJob');
    const again = checkout.start('launch-loader', { kubeconfig, projects: 'one' }, { id: 1000 + runs, attempt: 2 });
    const [one1, one2] = [await first.done, await again.done];
    expect([told(one1), told(one2)]).toMatchObject([{ verdict: 'succeeded' }, { uid: told(one1).uid }]);
    const same = await checkout.run('launch-loader', { kubeconfig, projects: 'one' }, { id: 1000 + runs });
    expect(told(same)).toEqual(told(one1));
    expect(same.log).toContain("is this run's own");
  });

  const failures: readonly {
    cause: string;
    script: string;
    with?: Parameters<LaunchSite['script']>[1];
    says: RegExp;
  }[] = [
    { cause: 'not-loaded', script: 'echo "load failed: no licence"; exit 0', says: /load failed: no licence/ },
    { cause: 'exit-code', script: 'echo "no licence"; exit 3', says: /exit code 3/ },
    {
      cause: 'out-of-memory',
      script: 'tail /dev/zero',
      with: { container: { resources: { limits: { memory: '24Mi' } } } },
      says: /memory/,
    },
    {
      cause: 'unschedulable',
      script: 'true',
      with: { pod: { nodeSelector: { purpose: 'nowhere' } } },
      says: /selector/,
    },
    {
      cause: 'image-pull',
      script: 'true',
      with: { pod: { imagePullSecrets: [{ name: 'another' }] }, container: { imagePullPolicy: 'Always' } },
      says: /pull/,
    },
    {
      cause: 'config-missing',
      script: 'true',
      with: { container: { envFrom: [{ secretRef: { name: 'nowhere' } }] } },
      says: /secret "nowhere" not found/,
    },
  ];
  it.each(failures)('names $cause', async ({ cause, script, with: additions, says }) => {
    await site.script(script, additions);
    const run = await launch();
    expect([run.exitCode, told(run)]).toMatchObject([1, { verdict: 'failed', cause }]);
    expect(run.summary).toMatch(says);
    // What could not start is gone and blocks nothing; what has run stays to be looked at.
    const started = ['not-loaded', 'exit-code', 'out-of-memory'].includes(cause);
    expect(await uids(one)).toEqual(started ? [told(run).uid] : []);
  });

  it('names a deadline of the CronJob itself', async () => {
    await site.script('sleep 60', { job: { activeDeadlineSeconds: 3 } });
    expect(told(await launch())).toMatchObject({ verdict: 'failed', cause: 'deadline' });
  });

  it('holds a cluster that is away against that project alone', async () => {
    await site.script('echo "loaded: 3 targets"');
    const run = await launch({ projects: 'one\naway' });
    expect(run.outputs).toMatchObject({ result: 'failure', launched: '["one"]', failed: '["away"]' });
    expect(told(run, 'away')).toMatchObject({ verdict: 'failed', cause: 'cluster' });
    expect(run.summary).toContain('connection refused');
  });

  it('shows 10,000 hostile lines as text', async () => {
    const hostile = [
      '::add-mask::hostile',
      'text ##[error]hostile',
      '\\r::error::hostile\\r',
      '\\033[2K::set-output name=hostile::1',
      '::stop-commands::hostile',
    ];
    const lines = hostile.map((line) => `printf '${line}\\n'`).join('; ');
    await site.script(`i=0; while [ $i -lt 2000 ]; do ${lines}; i=$((i+1)); done; echo "loaded: 1"`);
    const begun = start({});
    const run = await begun.done;
    expect(told(run)).toMatchObject({ verdict: 'succeeded' });
    expect(begun.log().split('hostile').length - 1).toBe(10_000);
    expect(commandsIn(begun.log()).filter(({ line }) => line.includes('hostile'))).toEqual([]);
  });

  it.each([
    ['leave', 1],
    ['delete', 0],
  ])('when it is cancelled, does with the Job what on-cancel says: %s', async (onCancel, left) => {
    await site.removeJobs(one);
    await site.script('echo begun; sleep 600');
    const begun = start({ 'on-cancel': onCancel });
    await until(begun, '\nbegun');
    process.kill(begun.pid, 'SIGINT');
    const asked = performance.now();
    const run = await begun.done;
    expect(performance.now() - asked).toBeLessThan(7_000);
    expect(told(run)).toMatchObject({ verdict: 'cancelled' });
    expect(await uids(one)).toHaveLength(left);
    await site.removeJobs(one);
  });
});
