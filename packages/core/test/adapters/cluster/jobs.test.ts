import { systemClock } from '../../../src/adapters/clock.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { CronJob, JobsView, NewJob } from '../../../src/domain/job.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Jobs } from '../../../src/ports/jobs.ts';
import { newJob } from '@delivery/testing/fake-jobs';
import { status, StubApiServer } from './stub-api-server.ts';

/** Pauses and time limits pass twenty times as fast. */
const fast: Clock = { now: () => new Date(), sleep: async (ms, signal) => systemClock.sleep(ms / 20, signal) };
const batch = '/apis/batch/v1/namespaces/test';
const core = '/api/v1/namespaces/test';

let server: StubApiServer;
let jobs: Jobs;
let stop: AbortController;
beforeEach(async () => {
  stop = new AbortController();
  server = await StubApiServer.start();
  jobs = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock: fast, mask: () => {} }).jobs;
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

const spec = {
  suspend: true,
  backoffLimit: 2,
  template: {
    metadata: { labels: { app: 'loader' }, annotations: { 'example.org/pod': 'y' } },
    spec: {
      restartPolicy: 'Never',
      initContainers: [{ name: 'prepare', image: 'r/loader:1', env: [{ name: 'A', value: '1' }] }],
      containers: [
        { name: 'loader', image: 'r/loader:1', args: ['--all'] },
        { name: 'sidecar', image: 'r/sidecar:1' },
      ],
    },
  },
};
const metadata = { labels: { team: 'x' }, annotations: { 'example.org/job': 'z' } };
const cronJobObject = {
  metadata: { name: 'loader', namespace: 'test', uid: 'c1', resourceVersion: '7' },
  spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: { metadata, spec } },
};

async function readCronJob(object: object = cronJobObject): Promise<CronJob> {
  const before = server.intercept;
  server.intercept = () => ({ status: 200, body: object });
  const cronJob = (await jobs.readCronJob('test', 'loader', stop.signal))!;
  server.intercept = before;
  server.requests.length = 0;
  return cronJob;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}

async function until(views: AsyncIterator<JobsView>, wanted: (view: JobsView) => boolean): Promise<JobsView> {
  for (;;) {
    const next = await views.next();
    if (next.done) throw new Error('the watch ended');
    if (wanted(next.value)) return next.value;
  }
}

describe('reading', () => {
  it('reads a CronJob with one request', async () => {
    server.intercept = () => ({ status: 200, body: cronJobObject });
    expect(await jobs.readCronJob('test', 'loader', stop.signal)).toEqual({
      namespace: 'test',
      name: 'loader',
      uid: 'c1',
      containers: [
        { name: 'prepare', image: 'r/loader:1', init: true },
        { name: 'loader', image: 'r/loader:1', init: false },
        { name: 'sidecar', image: 'r/sidecar:1', init: false },
      ],
      podsPerJob: 1,
      podLabels: { app: 'loader' },
      template: { metadata, spec },
    });
    expect(server.requests).toEqual([`GET ${batch}/cronjobs/loader`]);
  });

  it('lists Jobs and their pods with two requests', async () => {
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'loader', uid: 'c1', controller: true };
    const object = {
      metadata: {
        name: 'loader-1',
        namespace: 'test',
        uid: 'j1',
        resourceVersion: '9',
        creationTimestamp: '2026-01-02T15:04:05Z',
        deletionTimestamp: '2026-01-02T15:05:00Z',
        labels: { a: 'b' },
        annotations: { c: 'd' },
        ownerReferences: [owner],
      },
      spec: { suspend: false },
      status: {
        active: 1,
        ready: 0,
        terminating: 2,
        conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }],
      },
    };
    server.intercept = (request) => {
      const items = request.includes('/jobs') ? [object, { metadata: { name: 'old', uid: 'j0' } }] : [];
      return { status: 200, body: { metadata: { resourceVersion: '10' }, items } };
    };
    const view = await jobs.list('test', stop.signal);
    expect(view.jobs).toEqual([
      {
        namespace: 'test',
        name: 'loader-1',
        uid: 'j1',
        resourceVersion: '9',
        ownerUid: 'c1',
        createdAt: new Date('2026-01-02T15:04:05Z'),
        labels: { a: 'b' },
        annotations: { c: 'd' },
        suspended: false,
        deleting: true,
        active: 1,
        terminating: 2,
        conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }],
      },
      newJob({ namespace: '', name: 'old', uid: 'j0', resourceVersion: '' }),
    ]);
    expect(server.requests.toSorted()).toEqual([`GET ${core}/pods?labelSelector=job-name`, `GET ${batch}/jobs`]);
  });

  it('lists events with one request', async () => {
    for (const [index, at] of ['2026-01-03', '2026-01-02'].entries())
      server.put('events', `e${index}`, `u${index}`, { reason: at, lastTimestamp: `${at}T00:00:00Z` });
    const events = await jobs.listEvents('test', stop.signal);
    expect(events.map(({ reason }) => reason)).toEqual(['2026-01-02', '2026-01-03']);
    expect(server.requests).toEqual([`GET ${core}/events`]);
  });

  it('repeats what fails for a reason that may pass', async () => {
    const answers = [{ status: 503, body: '' }, 'cut', { status: 429, body: '' }] as const;
    let count = 0;
    server.intercept = () => answers[count++];
    await jobs.listEvents('test', stop.signal);
    expect(server.requests).toHaveLength(4);
  });
});

describe('create', () => {
  const job: NewJob = {
    name: 'loader-7',
    images: { prepare: 'r/loader@sha256:1', loader: 'r/loader@sha256:1' },
    labels: { build: '7' },
    annotations: { note: 'n' },
  };

  it('sends the template with what is given, and leaves the template as it is', async () => {
    const cronJob = await readCronJob();
    const before = structuredClone(cronJob);
    server.intercept = () => ({ status: 201, body: { metadata: { name: 'loader-7', uid: 'j7', namespace: 'test' } } });
    const made = await jobs.create(cronJob, job, { dryRun: true }, stop.signal);
    expect(made).toMatchObject({ name: 'loader-7', uid: 'j7', active: 0 });
    expect(server.requests).toEqual([`POST ${batch}/jobs?fieldManager=fragalysis-actions&dryRun=All`]);
    const { template } = spec;
    const [prepare] = template.spec.initContainers;
    const [loader, sidecar] = template.spec.containers;
    const image = 'r/loader@sha256:1';
    expect(JSON.parse(server.bodies[0] ?? '')).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'loader-7',
        namespace: 'test',
        labels: { team: 'x', build: '7' },
        annotations: { 'example.org/job': 'z', note: 'n', 'cronjob.kubernetes.io/instantiate': 'manual' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'loader', uid: 'c1', controller: true }],
      },
      spec: {
        ...spec,
        template: {
          metadata: { ...template.metadata, labels: { app: 'loader', build: '7' } },
          spec: {
            ...template.spec,
            initContainers: [{ ...prepare, image }],
            containers: [{ ...loader, image }, sidecar],
          },
        },
      },
    });
    expect(cronJob).toEqual(before);
  });

  it('puts variables in front of those of the template, so that these may refer to them, and as they are', async () => {
    const env = [
      { name: 'A', value: 'old' },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
      { name: 'B', value: '$(A)/b' },
      { name: 'A', value: 'older' },
    ];
    const [first, ...others] = spec.template.spec.containers;
    const pod = { ...spec.template.spec, containers: [{ ...first, env }, ...others] };
    const jobTemplate = { metadata, spec: { ...spec, template: { ...spec.template, spec: pod } } };
    const cronJob = await readCronJob({ ...cronJobObject, spec: { ...cronJobObject.spec, jobTemplate } });
    server.intercept = () => ({ status: 201, body: { metadata: { name: 'loader-7' } } });
    const given = { loader: { A: '$(SECRET)$', C: '1' } };
    await jobs.create(cronJob, { ...job, images: {}, env: given }, { dryRun: false }, stop.signal);
    const sent = JSON.parse(server.bodies[0] ?? '') as typeof jobTemplate;
    expect(sent.spec.template.spec).toEqual({
      ...pod,
      containers: [
        { ...first, env: [{ name: 'A', value: '$$(SECRET)$$' }, { name: 'C', value: '1' }, env[1], env[2]] },
        ...others,
      ],
    });
  });

  it('is one request without a dry run, too', async () => {
    const cronJob = await readCronJob();
    server.intercept = () => ({ status: 201, body: { metadata: { name: 'loader-7', uid: 'j7' } } });
    await jobs.create(cronJob, job, { dryRun: false }, stop.signal);
    expect(server.requests).toEqual([`POST ${batch}/jobs?fieldManager=fragalysis-actions`]);
  });

  it('is repeated after a lost answer: then the name is taken, and the caller finds out by whom', async () => {
    const cronJob = await readCronJob();
    server.intercept = () =>
      server.requests.length === 1 ? 'cut' : { status: 409, body: status(409, 'jobs.batch "loader-7" already exists') };
    expect(await failure(jobs.create(cronJob, job, { dryRun: false }, stop.signal))).toMatchObject({
      status: 409,
      retryable: false,
      message: 'create jobs in namespace test: HTTP 409, jobs.batch "loader-7" already exists',
    });
    expect(server.requests).toHaveLength(2);
  });

  it('names the right that is missing', async () => {
    const cronJob = await readCronJob();
    server.intercept = () => ({
      status: 403,
      body: status(403, 'jobs.batch is forbidden: User "x" cannot create resource "jobs"'),
    });
    expect(await failure(jobs.create(cronJob, job, { dryRun: false }, stop.signal))).toMatchObject({
      hint: expect.stringContaining('verb create on jobs in namespace test') as string,
    });
  });

  it('asks nothing when a container does not exist, whatever its name', async () => {
    const cronJob = await readCronJob();
    for (const name of ['laoder', 'constructor', '__proto__']) {
      const images = Object.fromEntries([[name, 'r/x:1']]);
      const error = await failure(jobs.create(cronJob, { ...job, images }, { dryRun: false }, stop.signal));
      expect(error).toMatchObject({ code: 'container-unknown' });
    }
    expect(server.requests).toEqual([]);
  });
});

describe('remove', () => {
  const job = newJob({ name: 'loader-7', uid: 'j7', resourceVersion: '9' });
  const url = `${batch}/jobs/loader-7`;

  it.each([
    [false, { uid: 'j7' }],
    [true, { uid: 'j7', resourceVersion: '9' }],
  ])('deletes in the background, guarded by what was read (unchanged: %s)', async (unchanged, preconditions) => {
    server.intercept = () => ({ status: 200, body: {} });
    expect(await jobs.remove(job, { unchanged }, stop.signal)).toBe(true);
    expect(server.requests).toEqual([`DELETE ${url}`]);
    expect(JSON.parse(server.bodies[0] ?? '')).toEqual({ propagationPolicy: 'Background', preconditions });
  });

  it.each([
    ['it has changed', true, { uid: 'j7', resourceVersion: '10' }, false],
    ['it is being deleted', true, { uid: 'j7', deletionTimestamp: '2026-01-02T15:04:05Z' }, true],
    ['another has its name', true, { uid: 'j8' }, true],
    ['another has its name, read before', false, { uid: 'j8' }, true],
    ['it is gone', true, undefined, true],
  ])('tells what a conflict means: %s', async (_, unchanged, metadataNow, outcome) => {
    server.intercept = (request) => {
      if (request.startsWith('DELETE')) return { status: 409, body: status(409, 'Precondition failed') };
      return { status: 200, body: { items: metadataNow ? [{ metadata: metadataNow }] : null } };
    };
    expect(await jobs.remove(job, { unchanged }, stop.signal)).toBe(outcome);
    const look = `GET ${batch}/jobs?fieldSelector=metadata.name%3Dloader-7`;
    expect(server.requests).toEqual(unchanged ? [`DELETE ${url}`, look] : [`DELETE ${url}`]);
  });
});

describe('watch', () => {
  const watches = () => server.requests.filter((request) => request.includes('watch='));
  const jobStatus = (active: number) => ({ status: { active } });

  it('begins with the version of the view: two requests, and no list', async () => {
    server.put('jobs', 'a', 'uid-a', jobStatus(0));
    const view = await jobs.list('test', stop.signal);
    server.requests.length = 0;
    // Before the watch begins: not missed.
    server.put('jobs', 'a', 'uid-a', jobStatus(1));
    const views = jobs.watch(view, {}, stop.signal)[Symbol.asyncIterator]();
    expect((await until(views, () => true)).jobs[0]?.active).toBe(1);
    server.put('pods', 'p', 'uid-p', {});
    await until(views, ({ pods }) => pods.length === 1);
    const rest = 'allowWatchBookmarks=true&timeoutSeconds=60';
    expect(server.requests.toSorted()).toEqual([
      `GET ${core}/pods?labelSelector=job-name&watch=true&resourceVersion=2&${rest}`,
      `GET ${batch}/jobs?watch=true&resourceVersion=2&${rest}`,
    ]);
  });

  it('is one request when only pods are watched', async () => {
    server.put('jobs', 'a', 'uid-a', jobStatus(0));
    const view = await jobs.list('test', stop.signal);
    const views = jobs.watch(view, { only: 'pods' }, stop.signal)[Symbol.asyncIterator]();
    server.put('jobs', 'a', 'uid-a', jobStatus(1));
    server.put('pods', 'p', 'uid-p', {});
    expect(await until(views, () => true)).toMatchObject({ jobs: view.jobs, pods: [{ name: 'p' }] });
    expect(watches()).toHaveLength(1);
  });

  it('watches on from the version of any of its views', async () => {
    const view = await jobs.list('test', stop.signal);
    const first = jobs.watch(view, {}, stop.signal)[Symbol.asyncIterator]();
    const version = server.put('jobs', 'a', 'uid-a', jobStatus(0));
    const next = await until(first, () => true);
    await first.return?.();
    server.requests.length = 0;
    const second = jobs.watch(next, {}, stop.signal)[Symbol.asyncIterator]();
    server.put('jobs', 'b', 'uid-b', jobStatus(0));
    expect((await until(second, () => true)).jobs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(watches().find((request) => request.includes('/jobs'))).toContain(`resourceVersion=${version}&`);
  });

  it('lists again when the version of the view is too old, and drops what has gone meanwhile', async () => {
    server.put('jobs', 'a', 'uid-a', jobStatus(0));
    server.put('jobs', 'b', 'uid-b', jobStatus(0));
    const view = await jobs.list('test', stop.signal);
    server.remove('jobs', 'a');
    server.compact();
    const views = jobs.watch(view, {}, stop.signal)[Symbol.asyncIterator]();
    expect((await until(views, ({ jobs: seen }) => seen.length === 1)).jobs[0]?.name).toBe('b');
  });

  it('goes on after lost connections', async () => {
    const view = await jobs.list('test', stop.signal);
    const views = jobs.watch(view, {}, stop.signal)[Symbol.asyncIterator]();
    for (let count = 1; count <= 5; count += 1) {
      server.put('jobs', `job-${count}`, `uid-${count}`, jobStatus(0));
      await until(views, ({ jobs: seen }) => seen.length === count);
      server.cut();
    }
    expect(server.requests.filter((request) => request === `GET ${batch}/jobs`)).toHaveLength(1);
  });

  it('ends at a refusal', async () => {
    const view = await jobs.list('test', stop.signal);
    server.intercept = () => ({ status: 403, body: status(403, 'forbidden') });
    const views = jobs.watch(view, {}, stop.signal)[Symbol.asyncIterator]();
    expect(await failure(views.next())).toMatchObject({ status: 403, retryable: false });
  });
});
