import { readLedger } from '@delivery/core/action/ledger';
import type { Outcome } from '@delivery/core/action/outcome';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { Job, JobsView } from '@delivery/core/domain/job';
import type { LedgerRecord } from '@delivery/core/domain/ledger';
import type { ProjectJob, Topology } from '@delivery/core/domain/topology';
import type { Condition, ContainerState, Pod } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import type { WebAnswer } from '@delivery/core/ports/web';
import { FakeClock } from '@delivery/testing/fake-clock';
import { newPod } from '@delivery/testing/fake-cluster';
import { FakeJobs, newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';

const repository = parseRepository('registry.example.org/dev/loader-stream')!;

const defaults: Inputs = {
  ...nothingGiven,
  image: 'loader',
  build: { kind: 'latest' },
  projects: [],
  wait: 'completion',
  timeout: undefined,
  'on-running': 'unstable',
  'on-cancel': 'leave',
};

/** What becomes of a Job once it is made. */
export type Conduct = (job: Job, stage: Stage) => void;

/** Projects test, production and ric, each with a suspended CronJob, and a registry with loader builds. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly registry = new FakeRegistry();
  readonly jobs = new StageJobs(this.clock);
  readonly permissions = new FakePermissions();
  readonly cancel = new AbortController();
  /** By namespace; `loads` where nothing is said. */
  readonly conducts = new Map<string, Conduct>();
  job: ProjectJob = {
    cronJob: 'loader',
    containers: undefined,
    timeoutMs: 90 * 60_000,
    succeeds: { logMatches: /^loaded: \d+/u, messageMatches: undefined, count: undefined },
  };
  page: () => WebAnswer = () => ({ status: 200, body: '' });
  runAttempt = 1;
  runId = someRun.runId;

  constructor() {
    for (const namespace of ['test', 'production', 'ric']) this.jobs.putCronJob(newCronJob({ namespace }));
    this.jobs.onCreate = (job) => (this.conducts.get(job.namespace) ?? loads)(job, this);
    this.build(12);
  }

  build(number: number): string {
    const labels = {
      'build.number': String(number),
      'data.origin': '2026-09-15T16',
      'org.opencontainers.image.revision': 'c'.repeat(40),
    };
    const image = imageFixture({ labels, layer: `layer of ${number}` });
    const digest = this.registry.seedImage(repository, `latest-${number}`, image);
    this.registry.seedImage(repository, 'latest', image);
    return `${repository.host}/${repository.path}@${digest}`;
  }

  async ledger(number: number): Promise<readonly LedgerRecord[]> {
    const digest = this.registry.digestOf(repository, `latest-${number}`)!;
    return readLedger(repository, digest, this.registry, new AbortController().signal);
  }

  /** A Job of the loader that is there before the run. */
  earlier(namespace: string, given: Partial<Job> = {}): Job {
    const owned = { namespace, name: 'loader', uid: `earlier-${namespace}`, ownerUid: `CronJob-${namespace}-loader` };
    return this.jobs.putJob(newJob({ ...owned, ...given }));
  }

  pod(job: Job, state: ContainerState, given: Partial<Pod> = {}): void {
    const running = state.is === 'running';
    const phase =
      state.is === 'terminated' ? (state.exitCode === 0 ? 'Succeeded' : 'Failed') : running ? 'Running' : 'Pending';
    const status = {
      name: 'loader',
      init: false,
      image: 'loader',
      ready: running,
      restarts: 0,
      state,
      last: undefined,
    };
    const { namespace, name, uid } = job;
    const pod = newPod({ namespace, name: `${name}-x1`, uid: `pod of ${uid}`, ownerUid: uid, phase });
    this.jobs.putPod({ ...pod, labels: { 'job-name': name }, containers: [status], ...given });
  }

  end(job: Job, type: 'Complete' | 'Failed', reason = ''): void {
    this.jobs.putJob({ ...job, conditions: [condition(type, reason)] });
  }

  start(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    const { log, clock, registry } = this;
    const context = {
      ...{ log, clock, signal: this.cancel.signal, mask: () => undefined },
      run: { ...someRun, runId: this.runId, runAttempt: this.runAttempt },
    };
    const web = { get: async () => this.page() };
    const permissions = () => this.permissions;
    const ports = { topology: this.topology(), registry, jobs: () => this.jobs, permissions, web };
    return run({ ...defaults, ...inputs }, ports, context);
  }

  /** Runs to the end, letting as much time pass as it takes, up to `limitMs`. */
  async run(inputs: Partial<Inputs> = {}, limitMs = 4 * 3_600_000): Promise<Outcome<Output>> {
    return this.clock.passUntil(this.start(inputs), limitMs);
  }

  private topology(): Topology {
    const project = (name: string) =>
      newProject(name, { follows: name === 'test' ? 'latest' : 'stable', jobs: { loader: this.job } });
    const image = (name: string) => ({ name, repository, promoted: undefined, build: undefined });
    return {
      images: { loader: image('loader'), web: image('web') },
      projects: {
        test: project('test'),
        production: project('production'),
        ric: project('ric'),
        graph: { ...project('graph'), jobs: {} },
      },
    };
  }
}

/** Lets something happen between two requests. */
class StageJobs extends FakeJobs {
  /** After the view is made that `list` gives. */
  afterList: () => void = () => undefined;
  /** Before it is made. */
  beforeList: () => void = () => undefined;

  override async list(...given: Parameters<FakeJobs['list']>): Promise<JobsView> {
    this.beforeList();
    const view = await super.list(...given);
    this.afterList();
    return view;
  }
}

export function condition(type: string, reason = '', message = ''): Condition {
  return { type, status: 'True', reason, message };
}

const terminated = { is: 'terminated', signal: 0, finishedAt: new Date(0) } as const;

export function ended(exitCode: number, given: { reason?: string; message?: string } = {}): ContainerState {
  return { ...terminated, exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message: '', ...given };
}

export const running: ContainerState = { is: 'running', startedAt: new Date(0) };

export const loads: Conduct = (job, stage) => {
  stage.jobs.logs.set(`${job.name}-x1/loader/0`, ['MURD: done', 'loaded: 1 targets from 2026-09-15T16']);
  stage.pod(job, ended(0));
  stage.end(job, 'Complete');
};

export const startsAndRuns: Conduct = (job, stage) => stage.pod(job, running);

export const unreachable = new RemoteError('cluster', 'list jobs: connection refused', { retryable: true });
