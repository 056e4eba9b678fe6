import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { Check, Topology } from '@delivery/core/domain/topology';
import type { ClusterEvent, Pod, Workload, WorkloadKind } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import type { DeploymentStatus, NewDeployment } from '@delivery/core/ports/github';
import type { WebAnswer } from '@delivery/core/ports/web';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';
import type { Conduct } from './conducts.ts';
import { healthyAtOnce } from './conducts.ts';

export const repository = parseRepository('registry.example.org/dev/web-stream')!;

/** A project test of two workloads, with a registry of builds and a cluster whose controllers are played by `conduct`. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly registry = new FakeRegistry();
  readonly cluster = new StageCluster();
  readonly permissions = new FakePermissions();
  readonly cancel = new AbortController();
  readonly deployments: NewDeployment[] = [];
  readonly statuses: DeploymentStatus[] = [];
  readonly asked: string[] = [];
  /** Calls in the order in which they were made, for what has to come before what. */
  readonly order: string[] = [];
  readonly conducts = new Map<string, Conduct>();
  checks: Check[] = [];
  environment: string | undefined;
  page: () => WebAnswer = () => ({ status: 200, body: 'all is well' });
  gitHubFails = false;
  kind: WorkloadKind = 'Deployment';

  constructor() {
    this.cluster.onSetImages = (workload) => {
      const image = workload.containers[0]?.image ?? '';
      this.order.push(`set ${workload.name}`);
      (this.conducts.get(image) ?? healthyAtOnce)(workload, this);
    };
  }

  /** Pushes a build and gives its reference by digest. */
  build(number: number): string {
    const image = imageFixture({ labels: { 'build.number': String(number) }, layer: `layer of ${number}` });
    const digest = this.registry.seedImage(repository, `latest-${number}`, image);
    this.registry.seedImage(repository, 'latest', image);
    return `${repository.host}/${repository.path}@${digest}`;
  }

  /** The workloads web and worker, healthy with an image. */
  running(image: string, given: Partial<Workload> = {}): void {
    const base = { wanted: 1, replicas: 1, updated: 1, ready: 1, available: 1 };
    this.cluster.putWorkload(
      newWorkload({
        kind: this.kind,
        name: 'web',
        containers: [{ name: 'web', image, init: false }],
        ...base,
        ...given,
      }),
    );
    this.cluster.putWorkload(
      newWorkload({
        kind: this.kind,
        name: 'beat',
        containers: [{ name: 'beat', image, init: false }],
        ...base,
        ...given,
      }),
    );
  }

  imageOf(name: string): string {
    return this.workload(name).containers[0]?.image ?? '';
  }

  workload(name: string): Workload {
    const found = this.cluster.view('test').workloads.find((workload) => workload.name === name);
    if (!found) throw new TypeError(`no ${name}`);
    return found;
  }

  event(event: Partial<ClusterEvent>): void {
    const full: ClusterEvent = {
      type: 'Warning',
      reason: '',
      message: '',
      object: { kind: 'Pod', name: '', uid: '' },
      count: 1,
      lastSeen: this.clock.now(),
      ...event,
    };
    this.cluster.change('test', ({ events }) => ({ events: [...events, full] }));
  }

  start(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    return run({ ...defaults, ...inputs }, this.ports(), this.context());
  }

  /** Runs to the end, letting as much time pass as it takes, up to `limitMs`. */
  async run(inputs: Partial<Inputs> = {}, limitMs = 3_600_000): Promise<Outcome<Output>> {
    return this.finish(this.start(inputs), limitMs);
  }

  async finish<T>(running: Promise<T>, limitMs = 3_600_000): Promise<T> {
    return this.clock.passUntil(running, limitMs);
  }

  private ports(): Parameters<typeof run>[1] {
    return {
      topology: this.topology(),
      registry: this.registry,
      cluster: () => this.cluster,
      permissions: () => this.permissions,
      web: {
        get: async (url) => {
          this.asked.push(url.href);
          return this.page();
        },
      },
      gitHub: {
        createDeployment: async (deployment) => {
          if (this.gitHubFails) throw new RemoteError('github', 'GitHub is away', { status: 503, retryable: true });
          return this.deployments.push(deployment);
        },
        addDeploymentStatus: async (_id, status) => void this.statuses.push(status),
        createNeutralCheck: async () => undefined,
        createStatus: async () => undefined,
        compare: () => Promise.reject(new TypeError('nobody compares here')),
      },
    };
  }

  private context(): ActionContext {
    const log = this.log;
    const outside = log.outside.bind(log);
    log.outside = (text) => {
      this.order.push('evidence');
      outside(text);
    };
    return { log, clock: this.clock, signal: this.cancel.signal, run: someRun, mask: () => undefined };
  }

  private topology(): Topology {
    const workload = (name: string) => ({ kind: this.kind, name, containers: [name] });
    const workloads = { web: [workload('web'), workload('beat')] };
    const given = { namespace: 'test', environment: this.environment, workloads, checks: this.checks };
    const test = newProject('test', { ...given, follows: 'latest' });
    const web = { name: 'web', repository, promoted: undefined, build: undefined };
    return { images: { web }, projects: { test, production: { ...test, name: 'production', follows: 'stable' } } };
  }
}

class StageCluster extends FakeCluster {
  readonly deleted: string[] = [];
  onDeletePod: (pod: Pod) => void = () => undefined;

  override async deletePod(pod: Pod, signal: AbortSignal): Promise<void> {
    this.onDeletePod(pod);
    this.deleted.push(pod.name);
    await super.deletePod(pod, signal);
  }
}

const defaults: Inputs = {
  ...nothingGiven,
  project: 'test',
  image: 'web',
  build: { kind: 'latest' },
  timeout: 900_000,
  'on-failure': 'rollback',
  force: false,
};

/** Where one build runs and the next has been pushed. */
export function stageWith(given: { before: number; after: number }): { stage: Stage; before: string; after: string } {
  const stage = new Stage();
  const before = stage.build(given.before);
  const after = stage.build(given.after);
  stage.running(before);
  return { stage, before, after };
}
