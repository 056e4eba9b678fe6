import type { RolloutTarget } from '../../domain/rollout/judge.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError, isRefusal, RemoteError, TimeoutError } from '../../errors/errors.ts';
import type { Cluster, ImageChange } from '../../ports/cluster.ts';
import type { Scene } from './follow.ts';
import type { Step } from './plan.ts';
import { buildAnnotation } from './plan.ts';

export interface Applied {
  /** The steps whose images are there now, by this run, or may be: an answer can be lost. */
  readonly set: readonly Step[];
  readonly targets: readonly RolloutTarget[];
  /** Why it stopped before the end; status 409: somebody else changed a workload at the same moment. */
  readonly error: ActionError | undefined;
}

/** Asks the API server whether it would take every change, before the first is made. Throws what it says. */
export async function rehearse(
  steps: readonly Step[],
  build: string | null,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  for (const step of steps) {
    if (step.changes) await cluster.setImages(step.workload, changeOf(step, build), { dryRun: true }, signal);
  }
}

/** Makes the changes, one after the other. `keepTags`: see SetOptions. */
export async function apply(
  steps: readonly Step[],
  build: string | null,
  keepTags: boolean,
  { cluster, log, signal }: Pick<Scene, 'cluster' | 'log' | 'signal'>,
): Promise<Applied> {
  const options = { dryRun: false, keepTags };
  const set: Step[] = [];
  const targets: RolloutTarget[] = [];
  for (const step of steps) {
    const { workload, after: images } = step;
    let { generation } = step;
    if (step.changes) {
      try {
        ({ generation } = await cluster.setImages(workload, changeOf(step, build), options, signal));
      } catch (error) {
        if (!(error instanceof ActionError) || signal.aborted) throw error;
        return { set: mayBeDone(error) ? [...set, step] : set, targets, error };
      }
      set.push(step);
      log.info(`${describeWorkload(workload)}: set to ${[...new Set(Object.values(images))].join(', ')}`);
    }
    targets.push({ workload, images, generation });
  }
  return { set, targets, error: undefined };
}

export function isConflict(error: unknown): boolean {
  return error instanceof RemoteError && error.status === 409;
}

function mayBeDone(error: ActionError): boolean {
  return (error instanceof RemoteError && !isRefusal(error)) || error instanceof TimeoutError;
}

function changeOf({ before, after }: Step, build: string | null): ImageChange {
  return { images: after, annotations: { [buildAnnotation]: build }, expected: before };
}
