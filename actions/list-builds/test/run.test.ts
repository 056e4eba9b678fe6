import type { ActionContext } from '@delivery/core/action/context';
import { readInputs } from '@delivery/core/action/inputs';
import { writeRecord } from '@delivery/core/action/ledger';
import { renderSummary } from '@delivery/core/action/markdown';
import type { Outcome } from '@delivery/core/action/outcome';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository, parseRepository } from '@delivery/core/domain/image-reference';
import type { LedgerEntry } from '@delivery/core/domain/ledger';
import { InputError, RemoteError } from '@delivery/core/errors/errors';
import type { Cluster } from '@delivery/core/ports/cluster';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeStep } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import { ledgerEntry } from '@delivery/testing/ledger-entry';
import type { Output } from '../src/inputs.ts';
import { check, inputs } from '../src/inputs.ts';
import { run } from '../src/run.ts';

const repository = parseRepository('registry.example.org/dev/web-stream')!;
const promoted = parseRepository('registry.example.org/prod/web-stream')!;
const { signal } = new AbortController();

const topology = parseTopology(
  `images:
  web: {repository: registry.example.org/dev/web-stream, promoted: registry.example.org/prod/web-stream}
  loader: {repository: registry.example.org/dev/loader-stream}
projects:
  test:
    namespace: test
    follows: latest
    workloads: {web: [{kind: Deployment, name: web, container: web}, {kind: StatefulSet, name: worker, container: worker}]}
    jobs: {loader: {cronJob: loader}}
  production:
    cluster: diamond
    namespace: production
    follows: stable
    workloads: {web: [{kind: Deployment, name: web, container: web}]}
`,
  'delivery.yaml',
);

const built = (number: number) =>
  imageFixture({
    layer: `layer of ${number}`,
    labels: {
      'build.number': String(number),
      'org.opencontainers.image.revision': 'c'.repeat(40),
      'org.opencontainers.image.created': '2026-09-14T16:00:00Z',
    },
  });

class Scene {
  readonly registry = new FakeRegistry();
  readonly cluster = new FakeCluster();
  readonly step = new FakeStep();
  connect: ((context: string | undefined) => Cluster) | undefined = () => this.cluster;

  push(tag: string, number: number, where: Repository = repository): Digest {
    return this.registry.seedImage(where, tag, built(number));
  }

  note(number: number, given: Partial<LedgerEntry>, where: Repository = repository): Promise<Digest> {
    const entry = ledgerEntry({ at: new Date('2026-09-14T17:00:00.000Z'), ...given });
    return writeRecord(where, built(number).manifest, entry, this.registry, signal);
  }

  runs(namespace: string, kind: 'Deployment' | 'StatefulSet', name: string, image: string): void {
    this.cluster.putWorkload(newWorkload({ kind, namespace, name, containers: [{ name, image, init: false }] }));
  }

  list(given: Readonly<Record<string, string>> = {}): Promise<Outcome<Output>> {
    const { log, clock, mask, cancelled, run: runOf } = this.step;
    const context: ActionContext = { log, clock, mask, signal: cancelled, run: runOf };
    const values = readInputs(inputs, { get: (name) => given[name] ?? '', mask }, check);
    return run(values, { topology, registry: this.registry, cluster: this.connect }, context);
  }
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});

const at = (where: Repository, digest: Digest) => `${formatRepository(where)}@${digest}`;

async function listed(given: Readonly<Record<string, string>> = {}) {
  return (await scene.list(given)).outputs.builds as readonly Readonly<Record<string, unknown>>[];
}

describe('list-builds', () => {
  it('gives what is known of each build', async () => {
    const digests = [7, 8].map((number) => scene.push(`latest-${number}`, number));
    scene.push('stable', 7, promoted);
    scene.push('2026.08.1', 7, promoted);
    await scene.note(7, {});
    await scene.note(7, { event: 'promoted', version: '2026.08.1' }, promoted);
    scene.runs('test', 'Deployment', 'web', at(repository, digests[1]!));
    scene.runs('test', 'StatefulSet', 'worker', at(repository, digests[1]!));
    scene.runs('production', 'Deployment', 'web', at(promoted, digests[0]!));
    const outcome = await scene.list();
    expect(outcome).toMatchObject({ result: 'success', reason: '2 builds of web, of which 1 can be promoted.' });
    const common = { commit: 'c'.repeat(40), created: '2026-09-14T16:00:00.000Z' };
    expect(outcome.outputs.builds).toEqual([
      {
        ...common,
        ...{ number: 8, tag: 'latest-8', digest: digests[1], tested: 'untested', 'runs-in': ['test'] },
        ...{ stable: false, versions: [], 'was-stable': null, promotable: false },
      },
      {
        ...common,
        ...{ number: 7, tag: 'latest-7', digest: digests[0], tested: 'tested', 'runs-in': ['production'] },
        ...{ stable: true, versions: ['2026.08.1'], 'was-stable': '2026-09-14T17:00:00.000Z', promotable: true },
      },
    ]);
  });

  it('changes nothing', async () => {
    scene.push('latest-7', 7);
    scene.runs('test', 'Deployment', 'web', 'registry.example.org/dev/web-stream:latest-7');
    await scene.list();
    expect(scene.registry.written).toEqual([]);
    expect(scene.cluster.calls).toEqual([]);
  });

  it('says how many older builds there are, and lists as well what runs of them', async () => {
    for (let number = 1; number <= 30; number++) scene.push(`latest-${number}`, number);
    scene.runs('test', 'Deployment', 'web', 'registry.example.org/dev/web-stream:latest-3');
    scene.runs('production', 'Deployment', 'web', at(repository, built(4).manifest.digest));
    const outcome = await scene.list({ limit: '2' });
    const builds = outcome.outputs.builds as readonly Readonly<Record<string, unknown>>[];
    expect(builds.map((build) => [build['number'], build['runs-in']])).toEqual([
      [30, []],
      [29, []],
      [3, ['test']],
      [4, ['production']],
    ]);
    expect(outcome.reason).toBe('4 builds of web, of which 0 can be promoted; 26 older ones are not shown, see limit.');
  });

  it('goes by the load of an image that is only launched', async () => {
    const loader = parseRepository('registry.example.org/dev/loader-stream')!;
    scene.push('latest-7', 7, loader);
    await scene.note(7, { event: 'loaded' }, loader);
    expect(await listed({ image: 'loader' })).toEqual([
      expect.objectContaining({ tested: 'tested', promotable: true }),
    ]);
  });

  it('promotes nothing whose last test is bad', async () => {
    scene.push('latest-7', 7);
    await scene.note(7, {});
    await scene.note(7, { verdict: 'failure', at: new Date('2026-09-14T18:00:00Z') });
    expect(await listed()).toEqual([expect.objectContaining({ tested: 'failed', promotable: false })]);
  });

  it('leaves clusters alone where nothing says how to reach them', async () => {
    scene.push('latest-7', 7);
    scene.connect = undefined;
    const outcome = await scene.list();
    expect(outcome.outputs.builds).toEqual([expect.objectContaining({ 'runs-in': null })]);
    expect(JSON.stringify(outcome.summary)).not.toContain('Runs in');
  });

  it.each([
    ['refuses', new RemoteError('cluster', 'pods is forbidden', { status: 403, retryable: false })],
    ['is no context of the kubeconfig', new InputError([{ field: 'kubeconfig', message: 'has no context "diamond"' }])],
  ])('says in the table when the cluster of one project %s, and shows the other', async (_, error) => {
    const digest = scene.push('latest-7', 7);
    scene.runs('test', 'Deployment', 'web', at(repository, digest));
    scene.runs('test', 'StatefulSet', 'worker', at(repository, digest));
    scene.connect = (context) => {
      if (context === 'diamond') throw error;
      return scene.cluster;
    };
    const outcome = await scene.list();
    const summary = renderSummary('list-builds', outcome);
    expect(outcome.result).toBe('success');
    expect(summary).toContain('| test, production? |');
    expect(summary).toContain(`production?: ${error.message}.`);
  });

  it('does not wait for a cluster that does not answer', async () => {
    scene.push('latest-7', 7);
    const silent = new FakeCluster();
    silent.watchNamespace = async function* (_namespace, _kinds, abort) {
      await new Promise((_resolve, reject) => abort.addEventListener('abort', () => reject(new Error('aborted'))));
      yield silent.view('test');
    } as FakeCluster['watchNamespace'];
    scene.connect = () => silent;
    const listing = scene.list();
    await scene.step.clock.advance(25_000);
    expect(renderSummary('list-builds', await listing)).toContain('the cluster did not answer within 20 s');
  });

  it.each([
    ['a moving tag', 'registry.example.org/dev/web-stream:latest', 'which does not say the build'],
    ['another repository', 'docker.io/library/nginx:1.2.3', 'which does not say the build'],
    [
      'a digest that was deleted',
      `registry.example.org/dev/web-stream@sha256:${'0'.repeat(64)}`,
      'no repository of the image',
    ],
    ['markup', '![x](http://evil.example)', 'which does not say the build'],
  ])('does not guess what a workload runs by %s', async (_, image, why) => {
    scene.push('latest-7', 7);
    scene.push('latest', 7);
    scene.runs('production', 'Deployment', 'web', image);
    const outcome = await scene.list();
    expect((outcome.outputs.builds as readonly unknown[])[0]).toMatchObject({ 'runs-in': [] });
    const summary = renderSummary('list-builds', outcome);
    expect(summary).toContain('production?: Deployment web runs');
    expect(summary).toContain(why);
    expect(summary).toContain('test?: there is no Deployment web; there is no StatefulSet worker.');
    expect(summary).not.toContain('![x](');
  });

  it('is skipped when there is no build yet', async () => {
    expect(await scene.list()).toMatchObject({ result: 'skipped', outputs: { builds: [] } });
  });

  it('fails when the registry cannot be read', async () => {
    scene.registry.onCall = () => {
      throw new RemoteError('registry', 'denied', { status: 403, retryable: false });
    };
    await expect(scene.list()).rejects.toMatchObject({ code: 'registry' });
  });

  it.each([
    ['limit', '0'],
    ['limit', '101'],
    ['limit', '1e1'],
    ['limit', '-1'],
    ['image', 'nothing'],
    ['image', '../web'],
    ['registry-username', 'ada'],
  ])('refuses %s %j', async (name, value) => {
    await expect(async () => scene.list({ [name]: value })).rejects.toMatchObject({ code: 'input' });
    expect(scene.registry.calls).toEqual([]);
  });

  it('stops with a cancel', async () => {
    scene.push('latest-7', 7);
    scene.registry.onCall = () => scene.step.cancel.abort(new Error('cancelled'));
    await expect(scene.list()).rejects.toThrow('cancelled');
  });
});
