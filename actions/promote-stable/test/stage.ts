import type { Outcome } from '@delivery/core/action/outcome';
import { readLedger, writeRecord } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import { formatReference, parseRepository } from '@delivery/core/domain/image-reference';
import type { LedgerEvent, LedgerRecord } from '@delivery/core/domain/ledger';
import type { Project, Topology } from '@delivery/core/domain/topology';
import { parseVersion } from '@delivery/core/domain/version';
import type { Workload } from '@delivery/core/domain/workload';
import type { GitHub } from '@delivery/core/ports/github';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeCluster, newPod, newWorkload } from '@delivery/testing/fake-cluster';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import { imageFixture } from '@delivery/testing/image-fixture';
import { ledgerEntry } from '@delivery/testing/ledger-entry';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';

export const built = parseRepository('registry.example.org/dev/web-stream')!;
export const promoted = parseRepository('registry.example.org/prod/web-stream')!;
const never = new AbortController().signal;

export const august = parseVersion('2026.08.3')!;
export const july = parseVersion('2026.07.1')!;

export const defaults: Inputs = {
  ...nothingGiven,
  image: 'web',
  build: { kind: 'latest' },
  version: undefined,
  reason: 'the release of August',
  project: [],
  'expect-stable': undefined,
  'require-tested': true,
  'backup-first': false,
  force: false,
  timeout: 900_000,
  'on-failure': 'rollback',
  'on-running': 'unstable',
  payload: undefined,
};

const ready = { wanted: 1, replicas: 1, updated: 1, ready: 1, available: 1 };

/** Projects production and ric that follow stable of web, and a loader whose Jobs are launched there. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly registry = new FakeRegistry();
  readonly cluster = new FakeCluster();
  readonly jobs = new FakeJobs(this.clock);
  cancel = new AbortController();
  /** Digests that never become healthy, by namespace. */
  readonly broken = new Set<string>();
  gitHub: GitHub | undefined = new FakeGitHub();
  runId = someRun.runId;

  constructor() {
    this.cluster.onSetImages = (workload) => this.#settle(workload);
    for (const namespace of ['production', 'ric']) this.jobs.putCronJob(newCronJob({ namespace }));
    this.jobs.onCreate = (job) => {
      const status = { name: 'loader', init: false, image: 'loader', ready: false, restarts: 0, last: undefined };
      const state = {
        is: 'terminated',
        exitCode: 0,
        signal: 0,
        reason: '',
        message: '',
        finishedAt: new Date(0),
      } as const;
      const { namespace, name, uid } = job;
      const pod = newPod({ namespace, name: `${name}-x1`, uid: `pod of ${uid}`, ownerUid: uid, phase: 'Succeeded' });
      this.jobs.putPod({ ...pod, labels: { 'job-name': name }, containers: [{ ...status, state }] });
      const complete = { type: 'Complete', status: 'True', reason: '', message: '' } as const;
      this.jobs.putJob({ ...job, conditions: [complete] });
    };
  }

  /** Pushes a build with its record of TEST; `labels` are added to its own. */
  async build(
    number: number,
    event: LedgerEvent | 'nothing' = 'tested',
    labels: Record<string, string> = {},
  ): Promise<Digest> {
    const image = imageOf(number, labels);
    this.registry.seedImage(built, `latest-${number}`, image);
    this.registry.seedImage(built, 'latest', image);
    if (event !== 'nothing') await this.record(number, event, 'success');
    return image.manifest.digest;
  }

  async record(number: number, event: LedgerEvent, verdict: 'success' | 'failure'): Promise<void> {
    const manifest = (await this.registry.readManifest(built, `latest-${number}`, never))!;
    const run = `https://github.example.org/acme/stack/actions/runs/${number}`;
    const reason = `${event}: ${verdict}`;
    const entry = ledgerEntry({ event, verdict, at: this.clock.now(), run, reason, project: 'test' });
    await writeRecord(built, manifest, entry, this.registry, never);
  }

  /** web and beat of a project, healthy with what they run. */
  running(namespace: string, image: string, given: Partial<Workload> = {}): void {
    for (const name of ['web', 'beat']) {
      const containers = [{ name, image, init: false }];
      this.cluster.putWorkload(newWorkload({ kind: 'Deployment', namespace, name, containers, ...ready, ...given }));
    }
  }

  /** Builds 267 and 268; 267 is stable as 2026.07.1 and runs in both projects. What was asked and logged until then is forgotten. */
  async released(): Promise<{ before: Digest; after: Digest }> {
    const before = await this.build(267);
    for (const namespace of ['production', 'ric']) this.running(namespace, `${built.host}/${built.path}:latest-1`);
    await this.run({ version: july });
    const after = await this.build(268);
    this.log.lines.length = 0;
    this.registry.calls.length = 0;
    return { before, after };
  }

  imagesOf(namespace: string): string[] {
    return this.cluster.view(namespace).workloads.map(({ containers }) => containers[0]?.image ?? '');
  }

  stable(): Digest | undefined {
    return this.registry.digestOf(promoted, 'stable');
  }

  ledger(digest: Digest): Promise<readonly LedgerRecord[]> {
    return readLedger(promoted, digest, this.registry, never);
  }

  /** Runs to the end, letting as much time pass as it takes. */
  async run(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    const { log, clock, registry, cluster, jobs } = this;
    const context = {
      log,
      clock,
      signal: this.cancel.signal,
      mask: () => undefined,
      run: { ...someRun, runId: this.runId++ },
    };
    const web = { get: async () => ({ status: 200, body: 'all is well' }) };
    const ports = {
      topology: this.#topology(),
      registry,
      cluster: () => cluster,
      jobs: () => jobs,
      web,
      gitHub: this.gitHub,
    };
    const running = run({ ...defaults, ...inputs }, ports, context);
    return clock.passUntil(running, 4 * 3_600_000, 5_000);
  }

  #settle(workload: Workload): void {
    const image = workload.containers[0]?.image ?? '';
    const { generation, namespace } = workload;
    const isBroken = this.broken.has(`${namespace} ${image.split('@')[1] ?? ''}`);
    const counts = isBroken ? { updated: 0, ready: 1, available: 1 } : ready;
    this.cluster.putWorkload({ ...workload, observedGeneration: generation, ...counts });
  }

  #topology(): Topology {
    const project = (name: string): Project => ({
      ...{ name, cluster: undefined, namespace: name, environment: name, checks: [], data: undefined },
      follows: name === 'test' ? 'latest' : 'stable',
      workloads: { web: ['web', 'beat'].map((one) => ({ kind: 'Deployment', name: one, containers: [one] })) },
      jobs: { loader: { cronJob: 'loader', containers: undefined, timeoutMs: 5_400_000, succeeds: undefined } },
    });
    const image = (name: string) => ({ name, repository: built, promoted, build: undefined, retention: undefined });
    const frozen = { ...image('frozen'), promoted: undefined };
    return {
      images: { web: image('web'), loader: image('loader'), frozen },
      projects: { test: project('test'), production: project('production'), ric: project('ric') },
    };
  }
}

export function commitOf(number: number): string {
  return String(number % 10).repeat(40);
}

export function reference(digest: Digest): string {
  return formatReference({ ...promoted, digest });
}

export function imageOf(number: number, labels: Record<string, string> = {}): ImageFixture {
  const own = {
    'build.number': String(number),
    'org.opencontainers.image.revision': commitOf(number),
    'org.opencontainers.image.source': 'https://github.example.org/acme/stack',
  };
  return imageFixture({ labels: { ...own, ...labels }, layer: `layer of ${number}` });
}
