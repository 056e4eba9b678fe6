import type { Outcome } from '@delivery/core/action/outcome';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import { fetchWeb } from '@delivery/core/adapters/web';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import type { Inputs, Output } from '../../actions/launch-loader/src/inputs.ts';
import { run } from '../../actions/launch-loader/src/run.ts';
import type { Digest } from '@delivery/core/domain/digest';
import { readState } from '../ground/state.ts';
import { CountingProxy } from '../road/counting-proxy.ts';
import { LaunchSite } from '../road/launch-site.ts';
import { groundRegistry } from '../road/registry.ts';

// What launch-loader promises about many at once, on the real API server and real pods: its run with the real adapters, under an
// account with the rights that its README names.

const state = readState();
const prefix = `e2e-race-${Date.now()}`;
const namespaces = Array.from({ length: 10 }, (_, index) => `${prefix}-${index}`);
const site = new LaunchSite(state, namespaces, 'launch-loader');
const registry = groundRegistry(state);
const [path = '', tag = ''] = state.images.busybox.split(':');
const topology = parseTopology(
  JSON.stringify({
    images: { loader: { repository: `${state.registries.basic.host}/${path}` } },
    projects: Object.fromEntries(
      namespaces.map((namespace, index) => [
        `p${index}`,
        { namespace, follows: 'latest', jobs: { loader: { cronJob: 'loader', timeout: '5m' } } },
      ]),
    ),
  }),
  'delivery.yaml',
);
const sleeps = 'trap "exit 0" TERM; sleep 600 & wait';
let proxy: CountingProxy;
let kubeconfig = '';
let digest: Digest;

async function launch(runId: number, projects: readonly string[], wait: Inputs['wait']): Promise<Outcome<Output>> {
  const { signal } = new AbortController();
  const inputs: Inputs = {
    ...nothingGiven,
    image: 'loader',
    ...{ build: { kind: 'digest', digest }, projects, wait, timeout: undefined },
    ...{ 'on-running': 'unstable', 'on-cancel': 'leave' },
  };
  const { jobs, permissions } = connectCluster({ kubeconfig, env: {}, clock: systemClock, mask: () => undefined });
  const ports = { topology, registry, jobs: () => jobs, permissions: () => permissions, web: fetchWeb };
  const context = { log: new FakeLog(), clock: systemClock, signal, run: { ...someRun, runId }, mask: () => undefined };
  return run(inputs, ports, context);
}

const outputsOf = (outcome: Outcome<Output>) => outcome.outputs as unknown as Record<'launched' | 'blocked', string[]>;

beforeAll(async () => {
  proxy = await CountingProxy.start(state);
  await site.create(sleeps);
  kubeconfig = await site.kubeconfig(proxy);
  digest = (await registry.readManifest(
    { host: state.registries.basic.host, path },
    tag,
    new AbortController().signal,
  ))!.digest;
});

afterAll(async () => {
  await site.remove();
  await proxy.stop();
});

describe('launch-loader', () => {
  it('starts exactly one Job in each of 100 double launches', async () => {
    const lanes = await Promise.all(
      namespaces.map(async (namespace, lane) => {
        const uids = new Set<string>();
        for (let round = 0; round < 10; round += 1) {
          const ids = [0, 1].map((which) => 1 + which + 2 * (round + 10 * lane));
          const pair = await Promise.all(ids.map((id) => launch(id, [`p${lane}`], 'start')));
          const results = pair.map(({ result }) => result).sort();
          if (results.join() !== 'success,unstable') throw new Error(pair.map(({ reason }) => reason).join('\n'));
          expect(pair.flatMap((outcome) => outputsOf(outcome).blocked)).toEqual([`p${lane}`]);
          const there = await site.jobs(namespace);
          expect(there).toHaveLength(1);
          uids.add(there[0]?.uid ?? '');
          await site.removeJobs(namespace);
        }
        return uids.size;
      }),
    );
    expect(lanes).toEqual(Array(10).fill(10));
    // Nobody made one that was gone again before it was looked for: the API server was asked 200 times at most, and said 201 to 100.
    expect(proxy.created).toBe(100);
  });

  it('asks for at most seven things where one finished Job is removed', async () => {
    await site.script('exit 0');
    await launch(1001, ['p0'], 'completion');
    const [before] = await site.jobs(namespaces[0] ?? '');
    proxy.requests.length = 0;
    const outcome = await launch(1002, ['p0'], 'start');
    expect(outcome.result).toBe('success');
    const [after] = await site.jobs(namespaces[0] ?? '');
    expect(after?.uid).not.toBe(before?.uid);
    expect(proxy.requests.length).toBeLessThanOrEqual(7);
  });

  it('loads in ten namespaces side by side: the last one begins before the first one ends', async () => {
    await site.removeJobs(namespaces[0] ?? '');
    await site.script('sleep 30');
    const projects = namespaces.map((_, index) => `p${index}`);
    expect((await launch(2001, projects, 'completion')).result).toBe('success');
    const runs = await Promise.all(namespaces.map((namespace) => site.lastRun(namespace)));
    const begun = runs.map(({ startedAt }) => Date.parse(startedAt));
    const ended = runs.map(({ finishedAt }) => Date.parse(finishedAt));
    expect(Math.max(...begun)).toBeLessThan(Math.min(...ended));
  });
});
