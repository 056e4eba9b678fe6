import { listInTime, removeOwn } from '../own-job.ts';
import type { CronJob, Job } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import { creationSign } from '../../domain/rollout/workload-signs.ts';
import { ActionError, RemoteError } from '../../errors/errors.ts';
import { followJob } from './follow.ts';
import { judged } from './judged.ts';
import type { Launched } from './launch.ts';
import { launch } from './launch.ts';
import { planLaunch } from './plan.ts';
import type { LaunchScene, Scene } from './scene.ts';
import type { Ended } from './verdict.ts';

/** Launches in one project and tells how it ended. Never throws for what is wrong with this project alone. */
export async function launchIn(scene: Scene): Promise<Ended> {
  const made: Made = { cronJob: undefined, job: undefined, isMaking: false };
  try {
    return await attempt(scene, made);
  } catch (error) {
    if (scene.signal.aborted) return cancelled(scene, made);
    if (!(error instanceof ActionError)) throw error;
    return broken(error, made);
  }
}

function broken(error: ActionError, { job, isMaking }: Made): Ended {
  const status = error instanceof RemoteError ? error.status : undefined;
  const refused = isMaking && !job && (status === 403 || status === 422) && error.hint === undefined;
  const cause = refused ? creationSign('', '', error.message).cause : 'cluster';
  const left = job
    ? `${describeJob(job)} was left alone.`
    : isMaking && !refused
      ? 'A Job may have been made: look into the namespace.'
      : '';
  const next = [left, error.hint ?? 'Mend the cause, then run this again.'].filter((part) => part !== '').join(' ');
  return {
    ...{ verdict: 'failed', cause, sentence: error.message, next },
    ...(job ? { job } : (!isMaking || refused) && { begun: false as const }),
  };
}

/** Known as soon as there is one, so that a cancel in the middle finds it. */
interface Made {
  cronJob: CronJob | undefined;
  job: Job | undefined;
  /** From here on a Job may be there, though no answer says so. */
  isMaking: boolean;
}

async function attempt(scene: Scene, made: Made): Promise<Ended> {
  const { task, jobs, signal } = scene;
  const { namespace } = task.project;
  const cronJob = await jobs.readCronJob(namespace, task.cronJob, signal);
  if (!cronJob) {
    const sentence = `namespace ${namespace} has no CronJob ${task.cronJob} to make a Job from`;
    const next = `Apply the manifests of the project, or correct \`${task.words.field}\` in delivery.yaml.`;
    return { verdict: 'failed', cause: 'cronjob-missing', sentence, next, begun: false };
  }
  made.cronJob = cronJob;
  const inProject: LaunchScene = { ...scene, cronJob };
  const launched = await launch(inProject, () => (made.isMaking = true));
  if (launched.do !== 'follow') return withoutJob(launched, inProject);
  const { job, view, containers } = launched;
  made.job = job;
  const followed = await followJob(job, view, containers, inProject);
  return { job, ...(await judged(followed, job, containers, inProject)) };
}

function withoutJob(launched: Exclude<Launched, { do: 'follow' }>, { task, choices }: LaunchScene): Ended {
  const { namespace } = task.project;
  if (launched.do === 'refuse')
    return { verdict: 'failed', cause: 'refused', sentence: launched.reason, next: launched.next, begun: false };
  if (launched.do === 'planned') return { verdict: 'planned', sentence: launched.sentence };
  const running = launched.running.map(
    ({ name, since, state }) => `Job ${namespace}/${name} ${state} (since ${since.toISOString().slice(0, 16)}Z)`,
  );
  const sentence = `${running.join(', ')}; it was left alone`;
  const stuck = launched.running.find(({ mayNotEnd }) => mayNotEnd);
  const next = [
    choices['on-running'] === 'fail' ? 'Run this again when it has ended.' : task.words.blocked,
    ...(stuck ? [`It may not end by itself: see why, or kubectl -n ${namespace} delete job ${stuck.name}.`] : []),
  ].join(' ');
  return { verdict: 'blocked', sentence, next, begun: false };
}

/** Nothing is broken off by a cancel, unless that was asked for. */
async function cancelled(scene: Scene, made: Made): Promise<Ended> {
  const verdict = 'cancelled' as const;
  const job = made.job ?? (made.isMaking && made.cronJob ? await findOwn(scene, made.cronJob) : undefined);
  if (!job)
    return { verdict, sentence: 'the run was cancelled before a Job was made', next: 'Run it again.', begun: false };
  if (scene.choices['on-cancel'] === 'leave') {
    const next = 'A re-run of this workflow run goes on watching it while it runs.';
    return { verdict, sentence: `the run was cancelled; ${describeJob(job)} is left to its end`, next, job };
  }
  const trouble = await removeOwn(job, scene.jobs, scene.clock);
  const sentence = `the run was cancelled, ${trouble ?? `and ${describeJob(job)} is deleted`}`;
  return { verdict, sentence, next: scene.task.words.deleted, ...(trouble !== undefined && { job }) };
}

/** The Job whose making was under way when the cancel came: it may have been made. */
async function findOwn(scene: Scene, cronJob: CronJob): Promise<Job | undefined> {
  const jobs = await listInTime(cronJob.namespace, scene.jobs, scene.clock);
  const view = { namespace: cronJob.namespace, jobs, pods: [], version: undefined };
  const plan = planLaunch(scene.task, cronJob, view);
  return plan.do === 'adopt' ? plan.job : undefined;
}
