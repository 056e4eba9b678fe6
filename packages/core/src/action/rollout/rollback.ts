import { runsImages, sameImage } from '../../domain/rollout/health.ts';
import type { RolloutTarget, WorkloadState } from '../../domain/rollout/judge.ts';
import { describeWorkload } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import { isConflict } from './apply.ts';
import type { Scene } from './follow.ts';
import { followRollout } from './follow.ts';
import type { Images, Step } from './plan.ts';
import { buildAnnotation } from './plan.ts';
import { short } from './report.ts';
import type { Verdict } from './verdict.ts';

export interface Rollback {
  readonly verdict: Extract<Verdict, 'rolled-back' | 'rollback-failed' | 'left-failed' | 'superseded' | 'cancelled'>;
  /** Whether the project serves again, and with what; sentences. */
  readonly said: string;
  /** What came back, by workload; those left alone are not in it. */
  readonly images: ReadonlyMap<string, Images>;
  readonly states: readonly WorkloadState[];
}

/**
 * Brings back what was healthy last, leaves what somebody else has set meanwhile, and watches until it is healthy. One workload that
 * cannot be set back does not keep the others from it.
 */
export async function rollBack(steps: readonly Step[], scene: Scene, timeoutMs: number): Promise<Rollback> {
  const images = new Map<string, Images>();
  const targets: RolloutTarget[] = [];
  const left: string[] = [];
  const foreign: string[] = [];
  const stuck: string[] = [];
  for (const step of steps) {
    const name = describeWorkload(step.workload);
    const back = step.fallback;
    if (back === undefined) {
      left.push(name);
      continue;
    }
    try {
      targets.push(await bringBack(step, back, scene));
      images.set(name, back);
    } catch (error) {
      if (!(error instanceof ActionError) || scene.signal.aborted) throw error;
      if (isConflict(error)) foreign.push(name);
      else stuck.push(`Setting ${name} back failed: ${error.message}.`);
    }
  }
  const notes = [
    ...stuck,
    ...(left.length > 0
      ? [`Nothing is known to have been healthy before for ${left.join(', ')}, so it stays as it is.`]
      : []),
    ...(foreign.length > 0 ? [`Somebody else has deployed ${foreign.join(', ')} meanwhile, which is left alone.`] : []),
  ];
  const isStuck = stuck.length > 0;
  if (targets.length === 0) {
    const verdict = isStuck ? 'rollback-failed' : foreign.length > 0 ? 'superseded' : 'left-failed';
    return { verdict, said: notes.join(' '), images, states: [] };
  }
  const end = await followRollout(targets, scene, new Date(scene.clock.now().getTime() + timeoutMs));
  const { verdict, said } = verdictOf(end, images, isStuck || left.length > 0);
  return {
    verdict: isStuck && verdict !== 'cancelled' ? 'rollback-failed' : verdict,
    said: [said, ...notes].join(' '),
    images,
    states: end.states,
  };
}

/** Throws RemoteError status 409 when somebody else has set other images. */
async function bringBack(step: Step, images: Images, { cluster, log, signal }: Scene): Promise<RolloutTarget> {
  const { workload } = step;
  const toBefore = Object.entries(images).every(([name, image]) => sameImage(image, step.before[name] ?? ''));
  const annotations = { [buildAnnotation]: toBefore ? step.beforeBuild : null };
  const change = { images, annotations, expected: step.after };
  try {
    const { generation } = await cluster.setImages(workload, change, { dryRun: false, keepTags: true }, signal);
    log.info(`${describeWorkload(workload)}: set back to ${[...new Set(Object.values(images))].join(', ')}`);
    return { workload, images, generation };
  } catch (error) {
    // What it is to go back to may run already: a change whose answer was lost need not have been made.
    const found = isConflict(error) ? await cluster.readWorkload(workload, signal) : undefined;
    if (!found || !runsImages(found, images)) throw error;
    return { workload, images, generation: found.generation };
  }
}

function verdictOf(
  end: Awaited<ReturnType<typeof followRollout>>,
  images: ReadonlyMap<string, Images>,
  incomplete: boolean,
): Pick<Rollback, 'verdict' | 'said'> {
  const back = [...new Set([...images.values()].flatMap((set) => Object.values(set).map(short)))].join(', ');
  switch (end.is) {
    case 'healthy':
      return incomplete
        ? { verdict: 'rollback-failed', said: `${back} runs again, but not everywhere.` }
        : { verdict: 'rolled-back', said: `${back} runs again and is healthy.` };
    case 'failed':
      return {
        verdict: 'rollback-failed',
        said: `${back} is set back but not healthy either: ${end.diagnosis.sentence}.`,
      };
    case 'superseded':
      return {
        verdict: 'superseded',
        said: `While it came back, somebody else deployed ${end.workload}, which is left alone.`,
      };
    case 'unseen':
      return {
        verdict: 'rollback-failed',
        said: `${back} is set back, but it cannot be watched: ${end.error.message}.`,
      };
    case 'cancelled':
      return { verdict: 'cancelled', said: `${back} is set back; cancelled before it was healthy.` };
  }
}
