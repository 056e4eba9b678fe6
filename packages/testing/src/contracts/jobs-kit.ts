import type { Job, JobsView, NewJob } from '@delivery/core/domain/job';
import type { Container, ContainerStatus, Pod } from '@delivery/core/domain/workload';
import type { Jobs } from '@delivery/core/ports/jobs';

/** What a container does in one of its runs; it prints a line at a time and takes about a second for it. */
export interface ScriptedRun {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** By container, the variables of a template: literals, or keys of a Secret. */
export type KitVariables = Readonly<
  Record<string, Readonly<Record<string, string | { readonly secret: string; readonly key: string }>>>
>;

/** What the suite needs besides the port: one namespace of its own, empty at the start of each test. */
export interface JobsKit {
  readonly jobs: Jobs;
  readonly namespace: string;
  /** Its Jobs are suspended, so that no pod is made; the label `example.org/template` is on its Jobs and their pods. */
  createCronJob(name: string, containers: readonly Container[], env?: KitVariables): Promise<void>;
  /** Its Jobs have a pod with one container `main`, which is started again (OnFailure) until it ends with 0. */
  createScript(name: string, runs: readonly ScriptedRun[]): Promise<void>;
  /** The containers, the variables that are no reference as programs get them, and the labels of the pods that a Job describes. */
  readPodTemplate(job: Job): Promise<{
    containers: readonly Container[];
    env: Readonly<Record<string, Readonly<Record<string, string>>>>;
    labels: Readonly<Record<string, string>>;
  }>;
  /** Changes a Job a little, as a controller does. */
  touch(job: Job): Promise<void>;
  /** A pod that no node takes. */
  createPod(name: string, labels: Record<string, string>): Promise<void>;
  deletePod(name: string): Promise<void>;
  createEvent(pod: string, reason: string, message: string): Promise<void>;
  close(): Promise<void>;
}

export type Context = () => { kit: JobsKit; jobs: Jobs; namespace: string; signal: AbortSignal; stop: AbortController };

export const [one, two] = [1, 2].map((tag) => `registry.example.org/loader:${tag}`) as [string, string];
export const containers: Container[] = [
  { name: 'prepare', image: one, init: true },
  { name: 'loader', image: one, init: false },
  { name: 'sidecar', image: one, init: false },
];
export const loader: NewJob = {
  name: 'loader-1',
  images: { prepare: two, loader: two },
  labels: { 'example.org/build': '7' },
  annotations: { 'example.org/note': 'a note' },
};

export const plain: NewJob = { name: 'script-1', images: {}, labels: {}, annotations: {} };
export const kept = { dryRun: false };

/** A Job whose container runs. */
export async function startScript(
  { kit, jobs, namespace, signal }: ReturnType<Context>,
  runs: readonly ScriptedRun[],
): Promise<{ pod: Pod; views: Views }> {
  await kit.createScript('script', runs);
  const start = await jobs.list(namespace, signal);
  await jobs.create((await jobs.readCronJob(namespace, 'script', signal))!, plain, kept, signal);
  const views = new Views(jobs.watch(start, { only: 'pods' }, signal));
  const { pods } = await views.until((view) => hasStarted(view.pods[0]?.containers[0], 0));
  return { pod: pods[0]!, views };
}

export function hasStarted(container: ContainerStatus | undefined, restarts: number): boolean {
  return container?.restarts === restarts && container.state.is !== 'waiting';
}

export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
}

/** Views that can be waited for. */
export class Views {
  readonly #views: AsyncIterator<JobsView>;

  constructor(views: AsyncIterable<JobsView>) {
    this.#views = views[Symbol.asyncIterator]();
  }

  /** The next view that is as wanted. One that never comes is the test's time-out. */
  async until(wanted: (view: JobsView) => boolean): Promise<JobsView> {
    for (;;) {
      const { value, done } = await this.#views.next();
      if (done) throw new Error('the watch ended');
      if (wanted(value)) return value;
    }
  }
}
