import { viewsAndTimers } from '../views.ts';
import type { Job, JobsView } from '../../domain/job.ts';
import { describeJob } from '../../domain/job.ts';
import { creationSign } from '../../domain/rollout/workload-signs.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Plan } from './plan.ts';
import { planLaunch } from './plan.ts';
import type { LaunchScene } from './scene.ts';
import { standingOf } from './standing.ts';

/** `view` is older than `job`: changes are watched from there on. */
export type Launched =
  | { readonly do: 'follow'; readonly job: Job; readonly view: JobsView; readonly containers: readonly string[] }
  | { readonly do: 'planned'; readonly sentence: string }
  | Extract<Plan, { do: 'blocked' | 'refuse' }>;

/** How often it looks again when somebody else launches at the same moment. One of them has won then, so this ends. */
const maxLooks = 5;

/** `onMaking` is called before anything is changed. Looks, removes what has ended, makes the Job; the API server lets one of many launchers make it. */
export async function launch(scene: LaunchScene, onMaking: () => void): Promise<Launched> {
  const { cronJob, task, jobs, log, signal, prefix } = scene;
  const { namespace } = cronJob;
  const patience = deadlineOf(scene);
  for (let looks = 1; ; looks += 1) {
    let view = await jobs.list(namespace, signal);
    let plan = planLaunch(task, cronJob, view);
    if (plan.do === 'blocked' && patience) {
      view = await waitUntilFree(view, scene, patience);
      plan = planLaunch(task, cronJob, view);
    }
    if (plan.do === 'blocked' || plan.do === 'refuse') return plan;
    if (scene.choices['dry-run']) return planned(plan, scene);
    if (plan.do === 'adopt') {
      log.info(`${prefix}${describeJob(plan.job)} is this run's own: it is followed`);
      return { do: 'follow', job: plan.job, view, containers: plan.containers };
    }
    onMaking();
    const made = await replace(plan, scene);
    if (made) return { do: 'follow', job: made, view, containers: plan.containers };
    if (looks === maxLooks) throw new RemoteError('cluster', taken(scene), { status: 409, retryable: true });
  }
}

async function planned(plan: Extract<Plan, { do: 'launch' | 'adopt' }>, scene: LaunchScene): Promise<Launched> {
  if (plan.do === 'adopt')
    return { do: 'planned', sentence: `${describeJob(plan.job)} is this run's own and would be followed` };
  await rehearse(plan, scene);
  const { cronJob } = scene;
  const removed = plan.remove.length === 0 ? '' : `, after ${plan.remove.length} that ended were removed`;
  return { do: 'planned', sentence: `a Job would be made from CronJob ${cronJob.namespace}/${cronJob.name}${removed}` };
}

/**
 * Asks the API server whether it would take the Job, and throws what it says against it; but not what goes with the Jobs that would be
 * removed before: their name, which is looked at after admission, and their place in a quota.
 */
async function rehearse(
  { remove, job }: Extract<Plan, { do: 'launch' }>,
  { cronJob, jobs, signal }: LaunchScene,
): Promise<void> {
  try {
    await jobs.create(cronJob, job, { dryRun: true }, signal);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const makesRoom = remove.length > 0 && creationSign('', '', error.message).cause === 'quota';
    if (error.status !== 409 && !makesRoom) throw error;
  }
}

/** Undefined when somebody else has made a Job of that name meanwhile, or this run, whose answer was lost. */
async function replace(
  { remove, job }: Extract<Plan, { do: 'launch' }>,
  { cronJob, jobs, log, signal, prefix }: LaunchScene,
): Promise<Job | undefined> {
  await Promise.all(
    remove.map(async (finished) => {
      await jobs.remove(finished, { unchanged: false }, signal);
      log.info(`${prefix}${describeJob(finished)}, which has ended, is removed`);
    }),
  );
  try {
    const made = await jobs.create(cronJob, job, { dryRun: false }, signal);
    const [image] = Object.values(job.images);
    log.info(
      `${prefix}${describeJob(made)} is made from CronJob ${cronJob.name}${image === undefined ? '' : `: ${image}`}`,
    );
    return made;
  } catch (error) {
    if (error instanceof RemoteError && error.status === 409) return undefined;
    throw error;
  }
}

function deadlineOf({ choices, clock, timeoutMs }: LaunchScene): Date | undefined {
  return choices['on-running'] === 'wait' && !choices['dry-run']
    ? new Date(clock.now().getTime() + timeoutMs)
    : undefined;
}

/** Whoever follows the Job that was waited for reads its log to the end meanwhile. */
const farewellMs = 5_000;

/** The first view without anything that runs, or the last one when the time is over. */
async function waitUntilFree(view: JobsView, scene: LaunchScene, deadline: Date): Promise<JobsView> {
  const { cronJob, jobs, clock, log, signal, prefix } = scene;
  const views = viewsAndTimers((stop) => jobs.watch(view, {}, stop), clock, signal);
  let last = view;
  let told = '';
  try {
    for (;;) {
      const { running } = standingOf(last, cronJob);
      const left = deadline.getTime() - clock.now().getTime();
      if (left <= 0) return last;
      if (running.length === 0) {
        if (told !== '') await clock.sleep(farewellMs, signal);
        return last;
      }
      const now = running.map(({ name, state }) => `Job ${cronJob.namespace}/${name} ${state}`).join(', ');
      if (now !== told) log.info(`${prefix}waiting: ${now}`);
      told = now;
      last = (await views.next(left)) ?? last;
    }
  } finally {
    views.stop();
  }
}

function taken({ cronJob }: LaunchScene): string {
  return `${describeJob(cronJob)} is made and removed by somebody else all the time`;
}
