import type { CronJob, Job, JobsView } from '@delivery/core/domain/job';
import { RemoteError } from '@delivery/core/errors/errors';
import { variablesContract } from './jobs-env.ts';
import type { Context, JobsKit } from './jobs-kit.ts';
import { containers, failure, kept, loader, one, plain, two, Views } from './jobs-kit.ts';
import { logContract } from './jobs-log.ts';

/** The behaviour of the port Jobs; runs against each implementation. */
export function jobsContract(name: string, open: () => Promise<JobsKit>): void {
  describe(`${name} keeps the contract of Jobs`, () => {
    let kit: JobsKit;
    let stop: AbortController;
    beforeEach(async () => {
      stop = new AbortController();
      kit = await open();
    });
    afterEach(async () => {
      stop.abort();
      // None when it could not be opened: that failure is the one to tell.
      await (kit as JobsKit | undefined)?.close();
    });
    const context = () => ({ kit, jobs: kit.jobs, namespace: kit.namespace, signal: stop.signal, stop });
    readingContract(context);
    createContract(context);
    variablesContract(context);
    removeContract(context);
    watchContract(context);
    logContract(context);
  });
}

function readingContract(context: Context): void {
  it('reads a CronJob with its containers and the labels of its pods', async () => {
    const { kit, jobs, namespace, signal } = context();
    expect(await jobs.readCronJob(namespace, 'loader', signal)).toBeUndefined();
    await kit.createCronJob('loader', containers);
    const cronJob = await jobs.readCronJob(namespace, 'loader', signal);
    expect(cronJob).toMatchObject({
      namespace,
      name: 'loader',
      containers,
      podsPerJob: 1,
      podLabels: { 'example.org/template': 'x' },
    });
    expect(cronJob?.uid).not.toBe('');
  });

  it('lists Jobs, and of the pods those of Jobs', async () => {
    const { kit, jobs, namespace, signal } = context();
    expect(await jobs.list(namespace, signal)).toMatchObject({ namespace, jobs: [], pods: [] });
    const job = await createLoader(context());
    await kit.createPod('of-a-job', { 'job-name': 'loader-1' });
    await kit.createPod('of-nothing', { app: 'web' });
    const view = await jobs.list(namespace, signal);
    expect(view.jobs.map(({ uid }) => uid)).toEqual([job.uid]);
    expect(view.pods.map(({ name }) => name)).toEqual(['of-a-job']);
  });

  it('lists events, the oldest of them first', async () => {
    const { kit, jobs, namespace, signal } = context();
    await kit.createPod('pod-1', {});
    await kit.createEvent('pod-1', 'FailedScheduling', '0/1 nodes are available');
    await kit.createEvent('pod-1', 'Later', 'and something else');
    const events = (await jobs.listEvents(namespace, signal)).filter(({ reason }) => reason !== 'SuccessfulCreate');
    expect(events.map(({ reason }) => reason)).toEqual(['FailedScheduling', 'Later']);
    expect(events[0]).toMatchObject({ object: { kind: 'Pod', name: 'pod-1' }, message: '0/1 nodes are available' });
  });

  it('rejects with the reason of a signal that is aborted already', async () => {
    const { jobs, namespace } = context();
    const reason = new Error('enough');
    await expect(jobs.list(namespace, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
}

function createContract(context: Context): void {
  it('makes a Job of the template with the images, labels and annotations given, owned by the CronJob', async () => {
    const { kit, jobs, namespace, signal } = context();
    const job = await createLoader(context());
    const cronJob = await jobs.readCronJob(namespace, 'loader', signal);
    const [read] = (await jobs.list(namespace, signal)).jobs;
    for (const seen of [job, read]) {
      expect(seen).toMatchObject({
        namespace,
        name: 'loader-1',
        uid: job.uid,
        ownerUid: cronJob?.uid,
        deleting: false,
      });
      expect(seen?.labels).toMatchObject({ 'example.org/build': '7', 'example.org/template': 'x' });
      expect(seen?.annotations).toMatchObject({
        'example.org/note': 'a note',
        'cronjob.kubernetes.io/instantiate': 'manual',
      });
    }
    const template = await kit.readPodTemplate(job);
    expect(template.containers.map(({ image }) => image)).toEqual([two, two, one]);
    expect(template.labels).toMatchObject({ 'example.org/build': '7', 'example.org/template': 'x' });
    // The template of the next one is as it was.
    expect(cronJob?.containers).toEqual(containers);
  });

  it('keeps nothing of a dry run, which fails as the real one would', async () => {
    const { jobs, namespace, signal } = context();
    const cronJob = await createTemplate(context());
    expect(await jobs.create(cronJob, loader, { dryRun: true }, signal)).toMatchObject({ name: 'loader-1' });
    expect((await jobs.list(namespace, signal)).jobs).toEqual([]);
    await jobs.create(cronJob, loader, kept, signal);
    expect(await failure(jobs.create(cronJob, loader, { dryRun: true }, signal))).toMatchObject({ status: 409 });
  });

  it('answers 409 when the name is taken', async () => {
    const { jobs, namespace, signal } = context();
    const { uid } = await createLoader(context());
    const cronJob = (await jobs.readCronJob(namespace, 'loader', signal)) as CronJob;
    const error = await failure(jobs.create(cronJob, { ...loader, labels: {} }, kept, signal));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ system: 'cluster', status: 409, retryable: false });
    expect((await jobs.list(namespace, signal)).jobs.map((job) => job.uid)).toEqual([uid]);
  });

  it('lets exactly one of ten win that make a Job of the same name at once', async () => {
    const { jobs, namespace, signal } = context();
    const cronJob = await createTemplate(context());
    const builds = Array.from({ length: 10 }, (_, index) => ({ 'example.org/build': String(index) }));
    const results = await Promise.allSettled(
      builds.map((labels) => jobs.create(cronJob, { ...loader, labels }, kept, signal)),
    );
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    expect(winners).toHaveLength(1);
    for (const loser of losers) expect(loser).toMatchObject({ system: 'cluster', status: 409 });
    const [job] = (await jobs.list(namespace, signal)).jobs;
    expect(job?.labels).toEqual(winners[0]?.labels);
  });

  it('changes nothing when a container does not exist, and names those that do', async () => {
    const { jobs, namespace, signal } = context();
    const cronJob = await createTemplate(context());
    expect(await failure(jobs.create(cronJob, { ...loader, images: { laoder: two } }, kept, signal))).toMatchObject({
      code: 'container-unknown',
      message: expect.stringMatching(/laoder.*prepare.*loader/) as string,
    });
    expect(await failure(jobs.create(cronJob, { ...loader, env: { laoder: { A: '1' } } }, kept, signal))).toMatchObject(
      {
        code: 'container-unknown',
      },
    );
    expect((await jobs.list(namespace, signal)).jobs).toEqual([]);
  });
}

function removeContract(context: Context): void {
  it('removes the very Job that was read, and leaves another of its name alone', async () => {
    const { jobs, namespace, signal } = context();
    const job = await createLoader(context());
    const other = { ...job, uid: '00000000-0000-0000-0000-000000000000' };
    for (const unchanged of [true, false]) expect(await jobs.remove(other, { unchanged }, signal)).toBe(true);
    expect((await jobs.list(namespace, signal)).jobs.map(({ uid }) => uid)).toEqual([job.uid]);
    expect(await jobs.remove(job, { unchanged: false }, signal)).toBe(true);
    await until(context(), ({ jobs: left }) => left.length === 0);
  });

  it('removes what is gone already', async () => {
    const { jobs, signal } = context();
    const job = await createLoader(context());
    await jobs.remove(job, { unchanged: false }, signal);
    for (const unchanged of [true, false]) expect(await jobs.remove(job, { unchanged }, signal)).toBe(true);
  });

  it('removes a Job that has to be unchanged only when it is', async () => {
    const { kit, jobs, namespace, signal } = context();
    const { uid } = await createLoader(context());
    const read = async () => (await jobs.list(namespace, signal)).jobs.find((job) => job.uid === uid) as Job;
    // The Job controller writes once that it is suspended.
    const job = await quiet(read);
    await kit.touch(job);
    expect(await jobs.remove(job, { unchanged: true }, signal)).toBe(false);
    const changed = await read();
    expect(changed.resourceVersion).not.toBe(job.resourceVersion);
    expect(await jobs.remove(changed, { unchanged: true }, signal)).toBe(true);
    await until(context(), ({ jobs: left }) => left.length === 0);
  });
}

function watchContract(context: Context): void {
  it('sees what has changed since a view: Jobs and pods that come, change and go', async () => {
    const { kit, jobs, namespace, signal } = context();
    const start = await jobs.list(namespace, signal);
    // Before anybody watches: from the view on nothing is missed.
    const job = await createLoader(context());
    const views = new Views(jobs.watch(start, {}, signal));
    await views.until((view) => view.jobs.length === 1);
    await kit.createPod('pod-1', { 'job-name': 'loader-1' });
    await views.until((view) => view.pods.length === 1);
    await kit.touch(job);
    await views.until((view) => view.jobs[0]?.annotations['example.org/touched'] === 'yes');
    await kit.deletePod('pod-1');
    await views.until((view) => view.pods.length === 0);
    await jobs.remove(job, { unchanged: false }, signal);
    const end = await views.until((view) => view.jobs.length === 0);
    // Every view may be watched on from.
    const more = new Views(jobs.watch(end, {}, signal));
    await kit.createPod('pod-2', { 'job-name': 'loader-1' });
    await more.until((view) => view.pods[0]?.name === 'pod-2');
  });

  it('sees only pods when told so; the Jobs stay as they were', async () => {
    const { kit, jobs, namespace, signal } = context();
    const job = await createLoader(context());
    const start = await jobs.list(namespace, signal);
    const views = new Views(jobs.watch(start, { only: 'pods' }, signal));
    await jobs.remove(job, { unchanged: false }, signal);
    await kit.createPod('pod-1', { 'job-name': 'loader-1' });
    expect((await views.until((view) => view.pods.length === 1)).jobs).toEqual(start.jobs);
  });

  it('sees a Job run and become Complete', async () => {
    const { kit, jobs, namespace, signal } = context();
    await kit.createScript('script', [{ lines: ['one', 'two'], exitCode: 0 }]);
    const start = await jobs.list(namespace, signal);
    const job = await jobs.create((await jobs.readCronJob(namespace, 'script', signal))!, plain, kept, signal);
    expect(job).toMatchObject({ active: 0, conditions: [], suspended: false });
    const views = new Views(jobs.watch(start, {}, signal));
    const running = await views.until((view) => view.jobs[0]?.active === 1 && view.pods.length === 1);
    expect(running.pods[0]).toMatchObject({ ownerUid: job.uid, labels: { 'job-name': 'script-1' } });
    const done = await views.until((view) => isComplete(view.jobs[0]) && view.pods[0]?.phase === 'Succeeded');
    expect(done.jobs[0]).toMatchObject({ uid: job.uid, active: 0 });
  });

  it('ends with the reason of the signal', async () => {
    const { jobs, namespace, signal, stop } = context();
    const views = jobs.watch(await jobs.list(namespace, signal), {}, signal)[Symbol.asyncIterator]();
    const reason = new Error('enough');
    const next = failure(views.next());
    stop.abort(reason);
    expect(await next).toBe(reason);
  });
}

async function createTemplate({ kit, jobs, namespace, signal }: ReturnType<Context>): Promise<CronJob> {
  await kit.createCronJob('loader', containers);
  return (await jobs.readCronJob(namespace, 'loader', signal)) as CronJob;
}

async function createLoader(context: ReturnType<Context>): Promise<Job> {
  return context.jobs.create(await createTemplate(context), loader, kept, context.signal);
}

function isComplete(job: Job | undefined): boolean {
  return job?.conditions.some(({ type, status }) => type === 'Complete' && status === 'True') === true;
}

async function until(context: ReturnType<Context>, wanted: (view: JobsView) => boolean): Promise<void> {
  const { jobs, namespace, signal } = context;
  const view = await jobs.list(namespace, signal);
  if (!wanted(view)) await new Views(jobs.watch(view, {}, signal)).until(wanted);
}

/** A Job that was read twice alike, so that no controller is about to write it. */
async function quiet(read: () => Promise<Job>): Promise<Job> {
  for (let before = await read(); ;) {
    const now = await read();
    if (now.resourceVersion === before.resourceVersion && (now.conditions.length > 0 || !now.suspended)) return now;
    before = now;
  }
}
