import { sameImage } from '../../domain/rollout/health.ts';
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

/** Brings back what was healthy last, leaves what somebody else has set meanwhile, and watches until it is healthy. */
export async function rollBack(steps: readonly Step[], scene: Scene, timeoutMs: number): Promise<Rollback> {
  const none: Images = {};
  const images = new Map<string, Images>();
  const targets: RolloutTarget[] = [];
  const left: string[] = [];
  const foreign: string[] = [];
  for (const step of steps) {
    const name = describeWorkload(step.workload);
    const back = step.fallback ?? none;
    if (step.fallback === undefined) left.push(name);
    else {
      try {
        targets.push(await bringBack(step, back, scene));
        images.set(name, back);
        scene.log.info(`${name}: set back to ${[...new Set(Object.values(back))].join(', ')}`);
      } catch (error) {
        if (!(error instanceof ActionError) || scene.signal.aborted) throw error;
        if (!isConflict(error)) {
          const said = `Setting ${name} back failed: ${error.message}.`;
          return { verdict: 'rollback-failed', said, images, states: [] };
        }
        foreign.push(name);
      }
    }
  }
  const notes = [
    ...(left.length > 0
      ? [`Nothing is known to have been healthy before for ${left.join(', ')}, so it stays as it is.`]
      : []),
    ...(foreign.length > 0 ? [`Somebody else has deployed ${foreign.join(', ')} meanwhile, which is left alone.`] : []),
  ];
  if (targets.length === 0) {
    return { verdict: foreign.length > 0 ? 'superseded' : 'left-failed', said: notes.join(' '), images, states: [] };
  }
  const end = await followRollout(targets, scene, new Date(scene.clock.now().getTime() + timeoutMs));
  const { verdict, said } = verdictOf(end, images, left.length > 0);
  return { verdict, said: [said, ...notes].join(' '), images, states: end.states };
}

async function bringBack(step: Step, images: Images, { cluster, signal }: Scene): Promise<RolloutTarget> {
  const toBefore = Object.entries(images).every(([name, image]) => sameImage(image, step.before[name] ?? ''));
  const annotations = { [buildAnnotation]: toBefore ? step.beforeBuild : null };
  const change = { images, annotations, expected: step.after };
  const { generation } = await cluster.setImages(step.workload, change, { dryRun: false }, signal);
  return { workload: step.workload, images, generation };
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
    case 'cancelled':
      return { verdict: 'cancelled', said: `${back} is set back; cancelled before it was healthy.` };
  }
}
