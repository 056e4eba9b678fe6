import { describeEvent, describePod } from '@delivery/core/action/describe';
import type { SummaryBlock } from '@delivery/core/action/outcome';
import type { CronJob, Job } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import type { ClusterEvent, Pod } from '@delivery/core/domain/workload';
import { ActionError } from '@delivery/core/errors/errors';
import { diagnoseFailure, lastRun } from './causes.ts';
import type { Followed } from './follow.ts';
import { followJob } from './follow.ts';
import { launch } from './launch.ts';
import type { Launched } from './launch.ts';
import { planLaunch } from './plan.ts';
import type { LaunchScene, Scene } from './scene.ts';
import { hasStarted, startSigns } from './start.ts';
import { podsOf } from './standing.ts';
import { missingSigns } from './success.ts';
import type { Ended, PlaceEnd } from './verdict.ts';

/** Launches in one project and tells how it ended. Never throws for what is wrong with this project alone. */
export async function launchIn(scene: Scene): Promise<PlaceEnd> {
  const { place } = scene;
  const made: Made = { cronJob: undefined, job: undefined };
  try {
    return { place, ...(await attempt(scene, made)) };
  } catch (error) {
    if (scene.signal.aborted) return { place, ...(await cancelled(scene, made)) };
    if (!(error instanceof ActionError)) throw error;
    const job = made.job === undefined ? {} : { job: made.job };
    const next = made.job ? `${describeJob(made.job)} was left alone. ${error.hint ?? ''}` : (error.hint ?? '');
    return { place, verdict: 'failed', cause: 'cluster', sentence: error.message, next, ...job };
  }
}

/** Known as soon as there is one, so that a cancel in the middle finds it. */
interface Made {
  cronJob: CronJob | undefined;
  job: Job | undefined;
}

async function attempt(scene: Scene, made: Made): Promise<Ended> {
  const { place, jobs, signal } = scene;
  const { namespace } = place.project;
  const cronJob = await jobs.readCronJob(namespace, place.job.cronJob, signal);
  if (!cronJob) {
    const sentence = `namespace ${namespace} has no CronJob ${place.job.cronJob} to make a Job from`;
    const next = 'Apply the manifests of the project, or correct `jobs` in delivery.yaml.';
    return { verdict: 'failed', cause: 'cronjob-missing', sentence, next };
  }
  made.cronJob = cronJob;
  const inProject: LaunchScene = { ...scene, cronJob };
  const launched = await launch(inProject);
  if (launched.do !== 'follow') return withoutJob(launched, inProject);
  made.job = launched.job;
  const containers = place.job.containers ?? cronJob.containers.filter(({ init }) => !init).map(({ name }) => name);
  const followed = await followJob(launched.job, launched.view, containers, inProject);
  return { job: launched.job, ...(await judged(followed, launched.job, containers, inProject)) };
}

function withoutJob(launched: Exclude<Launched, { do: 'follow' }>, { place, cronJob, inputs }: LaunchScene): Ended {
  const { namespace } = place.project;
  if (launched.do === 'refuse')
    return { verdict: 'failed', cause: 'refused', sentence: launched.reason, next: launched.next };
  if (launched.do === 'planned') {
    const removed = launched.remove === 0 ? '' : `, after ${launched.remove} that ended were removed`;
    return { verdict: 'planned', sentence: `a Job would be made from CronJob ${namespace}/${cronJob.name}${removed}` };
  }
  const running = launched.running.map(
    ({ name, since, state }) => `Job ${namespace}/${name} ${state} (since ${since.toISOString().slice(0, 16)}Z)`,
  );
  const sentence = `${running.join(', ')}; it was left alone`;
  const next =
    inputs['on-running'] === 'fail'
      ? 'Run this again when it has ended.'
      : `The next build of the image tries again; or run this again for ${place.project.name} alone when it has ended.`;
  return { verdict: 'blocked', sentence, next };
}

async function judged(followed: Followed, job: Job, containers: readonly string[], scene: LaunchScene): Promise<Ended> {
  switch (followed.is) {
    case 'started':
      return { verdict: 'started', sentence: `${describeJob(job)} has started` };
    case 'ended':
      return judgeEnd(followed, containers, scene);
    case 'removed': {
      const next = 'Its load may have been broken off. Find out who deletes Jobs there, then run this again.';
      return { verdict: 'failed', cause: 'removed', sentence: `${describeJob(job)} was deleted by somebody`, next };
    }
    case 'hopeless': {
      const left = await clearAway(job, containers, scene);
      const evidence = evidenceOf(followed.pods, followed.events, job);
      const { cause, sentence } = followed.sign;
      return {
        verdict: 'failed',
        cause,
        sentence: `${describeJob(job)} cannot start: ${sentence}`,
        next: left,
        evidence,
      };
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
  const run = lastRun(pods, containers);
  const logged = run && pump.of(run.pod, run.container, run.restarts);
  const tail = logged?.tail ?? [];
  const title = `The end of the log of ${describeJob(job)} in ${scene.place.project.name}`;
  const excerpt: SummaryBlock[] = tail.length === 0 ? [] : [{ kind: 'lines', title, lines: tail }];
  if (how === 'Failed') {
    const { cause, sentence } = diagnoseFailure(job, pods, containers);
    const next = 'Nothing was rolled back: what it had loaded by then stays. Mend the cause, then run this again.';
    const evidence = [...excerpt, ...evidenceOf(pods, [], job)];
    return { verdict: 'failed', cause, sentence: `${describeJob(job)} has failed: ${sentence}`, next, evidence };
  }
  const missing = await missingSigns(run, logged, scene);
  const said = run?.end.message.trim() ?? '';
  if (missing.length === 0) {
    const without = scene.place.job.succeeds ? '' : ' (delivery.yaml names no sign of success)';
    return { verdict: 'succeeded', sentence: `${describeJob(job)} has succeeded${said && `: ${said}`}${without}` };
  }
  const sentence = `${describeJob(job)} is Complete, but has not succeeded: ${missing.join('; ')}`;
  const next = 'Its log says why. Mend the cause, then run this again.';
  return { verdict: 'failed', cause: 'not-loaded', sentence, next, evidence: excerpt };
}

/** A Job that cannot start would block every later one: it goes, unless it has started after all. */
async function clearAway(job: Job, containers: readonly string[], scene: LaunchScene): Promise<string> {
  const { jobs, signal } = scene;
  const view = await jobs.list(job.namespace, signal);
  const now = view.jobs.find(({ uid }) => uid === job.uid);
  const untouched = now && !hasStarted(podsOf(now, view.pods), containers);
  if (untouched && (await jobs.remove(now, { unchanged: true }, signal)))
    return 'The Job, of which nothing had started, is removed, so that it does not block the next. Mend the cause, then run this again.';
  return `${describeJob(job)} was left alone: it has changed meanwhile. Look at it before this is run again.`;
}

function late(
  { pods, events }: Extract<Followed, { is: 'late' }>,
  job: Job,
  containers: readonly string[],
  scene: LaunchScene,
): Ended {
  const within = `${Math.round(scene.timeoutMs / 1000)} s`;
  const signs = startSigns({ job, pods, events, containers });
  const seen = signs[0]?.sentence ?? (hasStarted(pods, containers) ? 'it still runs' : 'it has not started');
  const sentence = `${describeJob(job)} did not end within ${within}: ${seen}`;
  const next = 'It was left alone and may still end well; until then it blocks the next one.';
  return { verdict: 'failed', cause: 'timeout', sentence, next, evidence: evidenceOf(pods, events, job) };
}

/** A load is never broken off by a cancel, unless that was asked for. */
async function cancelled(scene: Scene, made: Made): Promise<Ended> {
  const verdict = 'cancelled' as const;
  const { signal } = new AbortController();
  const job = made.job ?? (await findOwn(scene, made.cronJob, signal));
  if (!job) return { verdict, sentence: 'the run was cancelled before a Job was made', next: 'Run it again.' };
  if (scene.inputs['on-cancel'] === 'leave') {
    const next = 'It is left to its end; a re-run of this workflow run goes on watching it.';
    return { verdict, sentence: `the run was cancelled; ${describeJob(job)} runs on`, next, job };
  }
  await scene.jobs.remove(job, { unchanged: false }, signal);
  const next = 'What was being loaded at that moment may be incomplete: load again.';
  return { verdict, sentence: `the run was cancelled, and ${describeJob(job)} is deleted (on-cancel)`, next, job };
}

/** The Job whose making was under way when the cancel came: it may have been made. */
async function findOwn(scene: Scene, cronJob: CronJob | undefined, signal: AbortSignal): Promise<Job | undefined> {
  if (!cronJob) return undefined;
  const plan = planLaunch(scene.wanted, cronJob, await scene.jobs.list(cronJob.namespace, signal));
  return plan.do === 'adopt' ? plan.job : undefined;
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
