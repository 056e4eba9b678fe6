import type { Outcome } from '@delivery/core/action/outcome';
import { readLedger, writeRecord } from '@delivery/core/action/ledger';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import type { Digest } from '@delivery/core/domain/digest';
import { formatReference } from '@delivery/core/domain/image-reference';
import type { LedgerEvent, LedgerRecord } from '@delivery/core/domain/ledger';
import { parseVersion } from '@delivery/core/domain/version';
import type { Workload } from '@delivery/core/domain/workload';
import type { GitHub } from '@delivery/core/ports/github';
import { backupMadeAt } from '@delivery/testing/backup-made';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import type { Variables } from '@delivery/testing/fake-program';
import { programIn } from '@delivery/testing/fake-program';
import type { ProgramRun } from '@delivery/testing/program-run';
import { endProgram } from '@delivery/testing/program-run';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import { imageFixture } from '@delivery/testing/image-fixture';
import { ledgerEntry } from '@delivery/testing/ledger-entry';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';
import { built, promoted, siteOf } from './projects.ts';

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
  'backup-first': 'auto',
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
  readonly permissions = new FakePermissions();
  /** Digests that never become healthy, by namespace. */
  readonly broken = new Set<string>();
  gitHub: GitHub | undefined = new FakeGitHub();
  /** Whether delivery.yaml has a backup for production. */
  isBackedUp = false;
  /** What becomes of a backup. */
  backs: (variables: Variables) => ProgramReport | ProgramRun | 'runs' = () => backupMadeAt(this.clock.now());
  runAttempt = 1;
  runId = someRun.runId;

  constructor() {
    this.cluster.onSetImages = (workload) => this.#settle(workload);
    for (const namespace of ['production', 'ric']) this.jobs.putCronJob(newCronJob({ namespace }));
    this.jobs.putCronJob(newCronJob({ namespace: 'production', name: 'db-backup' }));
    const backUp = programIn(this.jobs, (variables) => this.backs(variables));
    this.jobs.onCreate = (job) => {
      if (job.name === 'db-backup') return backUp(job);
      endProgram(this.jobs, job, { exitCode: 0, lines: [], message: '' }, 'loader');
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

  /** The backups that were begun, by namespace. */
  backups(): string[] {
    return this.jobs.creations.flatMap(({ cronJob }) => (cronJob.name === 'db-backup' ? [cronJob.namespace] : []));
  }

  /** Runs to the end, letting as much time pass as it takes. */
  async run(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    return this.clock.passUntil(this.start(inputs), 4 * 3_600_000, 5_000);
  }

  start(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    const { log, clock, registry, cluster, jobs } = this;
    const context = {
      log,
      clock,
      signal: this.cancel.signal,
      mask: () => undefined,
      run: { ...someRun, runId: this.runId++, runAttempt: this.runAttempt },
    };
    const web = { get: async () => ({ status: 200, body: 'all is well' }) };
    const ports = {
      topology: siteOf(this.isBackedUp),
      registry,
      cluster: () => cluster,
      jobs: () => jobs,
      permissions: () => this.permissions,
      web,
      gitHub: this.gitHub,
    };
    return run({ ...defaults, ...inputs }, ports, context);
  }

  #settle(workload: Workload): void {
    const image = workload.containers[0]?.image ?? '';
    const { generation, namespace } = workload;
    const isBroken = this.broken.has(`${namespace} ${image.split('@')[1] ?? ''}`);
    const counts = isBroken ? { updated: 0, ready: 1, available: 1 } : ready;
    this.cluster.putWorkload({ ...workload, observedGeneration: generation, ...counts });
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
