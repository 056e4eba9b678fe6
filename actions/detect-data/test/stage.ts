import type { ActionContext } from '@delivery/core/action/context';
import { readInputs } from '@delivery/core/action/inputs';
import type { Outcome } from '@delivery/core/action/outcome';
import type { DataDirectory } from '@delivery/core/domain/data-directory';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { Job } from '@delivery/core/domain/job';
import type { ContainerState } from '@delivery/core/domain/workload';
import { FakeClock } from '@delivery/testing/fake-clock';
import { newPod } from '@delivery/testing/fake-cluster';
import { FakeJobs, newCronJob } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import type { Output } from '../src/inputs.ts';
import { check, inputs } from '../src/inputs.ts';
import { run } from '../src/run.ts';

const repository = parseRepository('registry.example.org/dev/loader-stream')!;

const test = newProject('test', { cluster: 'here', namespace: 'fragalysis-dev', follows: 'latest' });

export function directory(name: string, given: Partial<DataDirectory> = {}): DataDirectory {
  return { name, type: 'directory', ready: 'file', targetList: 20, ...given };
}

/** A registry, a root that the runner sees, and a cluster whose CronJob `data-look` lists the same when it is not seen. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly registry = new FakeRegistry();
  readonly jobs = new FakeJobs(this.clock);
  readonly permissions = new FakePermissions();
  readonly cancel = new AbortController();
  /** What lies in the root; undefined: it cannot be read. */
  found: readonly DataDirectory[] | undefined = [];
  rootLooks = 0;
  /** Whether delivery.yaml says how to look through the cluster. */
  hasData = false;
  readonly connected: (string | undefined)[] = [];

  constructor() {
    const containers = [{ name: 'look', image: 'base:1', init: false }];
    this.jobs.putCronJob(newCronJob({ namespace: 'fragalysis-dev', name: 'data-look', containers }));
  }

  /** The image's latest is built for this; undefined: it has no such label. */
  built(dataOrigin: string | undefined): void {
    const labels = { 'build.number': '7', ...(dataOrigin !== undefined && { 'data.origin': dataOrigin }) };
    this.registry.seedImage(repository, 'latest', imageFixture({ labels }));
  }

  /** Each Job's container prints these lines and ends so. */
  printing(lines: readonly string[], exitCode = 0): void {
    this.jobs.onCreate = (job) => {
      this.jobs.logs.set(`${job.name}-x/look/0`, lines);
      const end = { signal: 0, reason: '', message: '', finishedAt: this.clock.now() };
      this.pod(job, { is: 'terminated', exitCode, ...end });
    };
  }

  pod(job: Job, state: ContainerState, phase = 'Running'): void {
    const name = `${job.name}-x`;
    const status = { name: 'look', init: false, image: 'base:1', ready: false, restarts: 0, last: undefined, state };
    const where = { namespace: job.namespace, labels: { 'job-name': job.name } };
    this.jobs.putPod(newPod({ ...where, name, uid: name, ownerUid: job.uid, phase, containers: [status] }));
  }

  async start(given: Readonly<Record<string, string>> = {}): Promise<Outcome<Output>> {
    const source = { get: (name: string) => given[name] ?? '', mask: () => undefined };
    return run(readInputs(inputs, source, check), this.#ports(given['root'] !== undefined), this.#context());
  }

  /** Requests that were made of anything. */
  get requests(): number {
    return this.registry.calls.length + this.jobs.calls.length + this.rootLooks;
  }

  #ports(hasRoot: boolean): Parameters<typeof run>[1] {
    const list = async () => {
      this.rootLooks += 1;
      return this.found;
    };
    const project = { ...test, data: this.hasData ? { cronJob: 'data-look' } : undefined };
    const loader = { name: 'loader', repository, promoted: undefined, build: undefined };
    return {
      topology: { images: { loader }, projects: { test: project } },
      registry: this.registry,
      root: hasRoot ? { list } : undefined,
      jobs: (cluster) => {
        this.connected.push(cluster);
        return this.jobs;
      },
      permissions: () => this.permissions,
    };
  }

  #context(): ActionContext {
    const { log, clock, cancel } = this;
    return { log, clock, signal: cancel.signal, run: someRun, mask: () => undefined };
  }
}
