import { describeEvent, describePod } from '../describe.ts';
import type { SummaryBlock } from '../outcome.ts';
import type { Job } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import { bare } from '../../domain/rollout/container-signs.ts';
import type { ClusterEvent, Pod } from '../../domain/workload.ts';
import { RemoteError } from '../../errors/errors.ts';
import { diagnoseFailure, lastRun } from './causes.ts';
import type { Followed } from './follow.ts';
import type { LaunchScene } from './scene.ts';
import { judgeReport } from './reported.ts';
import { hasStarted, startSigns } from './start.ts';
import { podsOf } from './standing.ts';
import { missingSigns } from './success.ts';
import type { Ended } from './verdict.ts';

/** What has become of a Job, as a verdict. A Job that does not start is removed. */
export async function judged(
  followed: Followed,
  job: Job,
  containers: readonly string[],
  scene: LaunchScene,
): Promise<Ended> {
  switch (followed.is) {
    case 'started':
      return { verdict: 'started', sentence: `${describeJob(job)} has started` };
    case 'ended':
      return judgeEnd(followed, containers, scene);
    case 'removed': {
      const next = `${scene.task.words.removed} Find out who deletes Jobs there, then run this again.`;
      return { verdict: 'failed', cause: 'removed', sentence: `${describeJob(job)} was deleted by somebody`, next };
    }
    case 'hopeless': {
      const evidence = evidenceOf(followed.pods, followed.events, job);
      const { cause, sentence } = followed.sign;
      const end = {
        verdict: 'failed',
        cause,
        sentence: `${describeJob(job)} cannot start: ${sentence}`,
        evidence,
      } as const;
      return { ...end, ...(await clearAway(job, containers, scene)) };
    }
    case 'late':
      return late(followed, job, containers, scene);
  }
}

async function judgeEnd(
  { job, how, pods, pump }: Extract<Followed, { is: 'ended' }>,
  containers: readonly string[],
  scene: LaunchScene,
): Promise<Ended> {
  const { project, proof } = scene.task;
  const run = lastRun(pods, containers);
  const logged = run && pump.of(run.pod, run.container, run.restarts);
  const tail = logged?.tail ?? [];
  const title = `The end of the log of ${describeJob(job)} in ${project.name}`;
  const excerpt: SummaryBlock[] = tail.length === 0 ? [] : [{ kind: 'lines', title, lines: tail }];
  if (proof.by === 'report') {
    const evidence = [...excerpt, ...evidenceOf(pods, [], job)];
    return judgeReport({ job, how, pods, run, logged }, containers, evidence);
  }
  if (how === 'Failed') {
    const { cause, sentence } = diagnoseFailure(job, pods, containers);
    const next = 'Nothing was rolled back: what it had loaded by then stays. Mend the cause, then run this again.';
    const evidence = [...excerpt, ...evidenceOf(pods, [], job)];
    return { verdict: 'failed', cause, sentence: `${describeJob(job)} has failed: ${sentence}`, next, evidence };
  }
  const missing = await missingSigns(run, logged, proof, scene);
  const said = run?.end.message.trim() ?? '';
  if (missing.length === 0) {
    const without = proof.signs ? '' : ' (delivery.yaml names no sign of success)';
    return { verdict: 'succeeded', sentence: `${describeJob(job)} has succeeded${said && `: ${said}`}${without}` };
  }
  const sentence = `${describeJob(job)} is Complete, but has not succeeded: ${missing.join('; ')}`;
  const next = 'Its log says why. Mend the cause, then run this again.';
  return { verdict: 'failed', cause: 'not-loaded', sentence, next, evidence: excerpt };
}

/** A Job that does not start would block every later one: it goes, unless it has started after all. */
async function clearAway(
  job: Job,
  containers: readonly string[],
  { jobs, signal, task }: LaunchScene,
): Promise<Pick<Ended, 'next' | 'job' | 'begun'>> {
  const left = {
    next: `${describeJob(job)} was left alone, since it may have started: look at it before this is run again.`,
  };
  try {
    const view = await jobs.list(job.namespace, signal);
    const now = view.jobs.find(({ uid }) => uid === job.uid);
    if (!now || hasStarted(podsOf(now, view.pods), containers)) return left;
    if (!(await jobs.remove(now, { unchanged: true }, signal))) return left;
  } catch (error) {
    if (signal.aborted || !(error instanceof RemoteError)) throw error;
    return { next: `${describeJob(job)} could not be removed and blocks the next one: ${error.message}.` };
  }
  const next = `The Job, which ${task.words.notBegun}, is removed, so that it does not block the next. Mend the cause, then run this again.`;
  return { next, job: undefined, begun: false };
}

async function late(
  { pods, events }: Extract<Followed, { is: 'late' }>,
  job: Job,
  containers: readonly string[],
  scene: LaunchScene,
): Promise<Ended> {
  const within = `${Math.round(scene.timeoutMs / 1000)} s`;
  const evidence = evidenceOf(pods, events, job);
  if (hasStarted(pods, containers)) {
    const sentence = `${describeJob(job)} did not end within ${within}: it still runs`;
    const next = 'It was left alone and may still end well; until then it blocks the next one.';
    return { verdict: 'failed', cause: 'timeout', sentence, next, evidence };
  }
  const sign = startSigns({ job, pods, events, containers })[0];
  const why =
    sign?.sentence ?? pods.flatMap(({ conditions }) => conditions).find(({ type }) => type === 'PodScheduled')?.message;
  const sentence = `${describeJob(job)} did not start within ${within}${why === undefined ? '' : `: ${bare(why)}`}`;
  return { verdict: 'failed', cause: 'timeout', sentence, evidence, ...(await clearAway(job, containers, scene)) };
}

function evidenceOf(pods: readonly Pod[], events: readonly ClusterEvent[], job: Job): SummaryBlock[] {
  const uids = new Set([job.uid, ...pods.map(({ uid }) => uid)]);
  const own = events.filter(({ object }) => uids.has(object.uid)).map(describeEvent);
  const parts = [
    { title: `Pods of ${describeJob(job)}`, lines: pods.flatMap(describePod) },
    { title: `Events of ${describeJob(job)}`, lines: own.slice(-30) },
  ];
  return parts.filter(({ lines }) => lines.length > 0).map((part) => ({ kind: 'lines', ...part }));
}
