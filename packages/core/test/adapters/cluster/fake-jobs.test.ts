import type { Job } from '../../../src/domain/job.ts';
import type { ContainerState, Pod } from '../../../src/domain/workload.ts';
import type { JobsKit, KitVariables, ScriptedRun } from '@delivery/testing/contracts/jobs-kit';
import { jobsContract } from '@delivery/testing/contracts/jobs';
import type { FakeTemplate } from '@delivery/testing/fake-template';
import { FakeJobs, newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { newPod } from '@delivery/testing/fake-cluster';
import { RemoteError } from '../../../src/errors/errors.ts';
import { setImmediate } from 'node:timers/promises';

const namespace = 'test';
const labels = { 'example.org/template': 'x' };
const template: FakeTemplate = { labels };

async function fakeKit(): Promise<JobsKit> {
  const jobs = new FakeJobs();
  return Promise.resolve({
    jobs,
    namespace,
    async createCronJob(name, containers, env = {}) {
      const withEnv: FakeTemplate = { ...template, env: literalsOf(env) };
      jobs.putCronJob(newCronJob({ namespace, name, containers, podLabels: labels, template: withEnv }));
    },
    async createScript(name, runs) {
      const containers = [{ name: 'main', image: 'busybox', init: false }];
      jobs.putCronJob(newCronJob({ namespace, name, containers, podLabels: labels, template }));
      jobs.onCreate = (job) => void play(jobs, job, runs);
    },
    async readPodTemplate({ name }) {
      const creation = jobs.creations.findLast(({ job }) => job.name === name)!;
      const { cronJob, job } = creation;
      const containers = cronJob.containers.map((one) => ({ ...one, image: job.images[one.name] ?? one.image }));
      const before = (cronJob.template as FakeTemplate).env;
      const variables = containers.map(({ name: one }) => [one, { ...before?.[one], ...job.env?.[one] }] as const);
      const given = variables.filter(([, all]) => Object.keys(all).length > 0);
      const env = Object.fromEntries(given) as Record<string, Record<string, string>>;
      return Promise.resolve({ containers, env, labels: { ...cronJob.podLabels, ...job.labels } });
    },
    async touch(job) {
      jobs.putJob({ ...job, annotations: { ...job.annotations, 'example.org/touched': 'yes' } });
    },
    async createPod(name, podLabels) {
      jobs.putPod(newPod({ namespace, name, labels: podLabels }));
    },
    async deletePod(name) {
      jobs.removePod({ namespace, name });
    },
    async createEvent(name, reason, message) {
      const object = { kind: 'Pod', name, uid: `Pod-${namespace}-${name}` };
      const lastSeen = new Date(jobs.space(namespace).events.length);
      jobs.putEvent(namespace, { type: 'Warning', reason, message, object, count: 1, lastSeen });
    },
    async close() {},
  } satisfies JobsKit);
}

function literalsOf(env: KitVariables): NonNullable<FakeTemplate['env']> {
  const literal = (variables: KitVariables[string]) =>
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : undefined] as const);
  return Object.fromEntries(
    Object.entries(env).map(([container, variables]) => [container, Object.fromEntries(literal(variables))]),
  );
}

/** What the Job controller and the kubelet do. */
async function play(jobs: FakeJobs, job: Job, runs: readonly ScriptedRun[]): Promise<void> {
  const name = `${job.name}-x`;
  const pod = newPod({ namespace, name, ownerUid: job.uid, labels: { ...labels, 'job-name': job.name } });
  await setImmediate();
  jobs.putPod(pod);
  for (const [restarts, { lines, exitCode }] of runs.entries()) {
    jobs.putPod(withMain(pod, restarts, { is: 'running', startedAt: new Date(0) }));
    jobs.putJob({ ...jobs.job(namespace, job.name)!, active: 1 });
    for (const line of lines) {
      await setImmediate();
      jobs.addLines(`${name}/main/${restarts}`, line);
    }
    await setImmediate();
    const state = { is: 'terminated', exitCode, signal: 0, reason: '', message: '', finishedAt: new Date(0) } as const;
    jobs.putPod({ ...withMain(pod, restarts, state), phase: exitCode === 0 ? 'Succeeded' : 'Running' });
  }
  const conditions = [{ type: 'Complete', status: 'True', reason: '', message: '' }] as const;
  jobs.putJob({ ...jobs.job(namespace, job.name)!, active: 0, conditions });
}

function withMain(pod: Pod, restarts: number, state: ContainerState): Pod {
  const status = { name: 'main', init: false, image: '', ready: false, restarts, state, last: undefined };
  return { ...pod, phase: 'Running', containers: [status] };
}

jobsContract('FakeJobs', fakeKit);

describe('FakeJobs', () => {
  const signal = new AbortController().signal;

  it('fails in one namespace or in all, and ends who watches there', async () => {
    const jobs = new FakeJobs();
    const error = new RemoteError('cluster', 'no way', { status: 403, retryable: false });
    const views = jobs.watch(await jobs.list('test', signal), {}, signal);
    const next = expect(views.next()).rejects.toBe(error);
    jobs.fail(error, 'test');
    await next;
    expect((await jobs.list('other', signal)).jobs).toEqual([]);
    jobs.fail(error);
    await expect(jobs.list('other', signal)).rejects.toBe(error);
    jobs.fail(undefined);
    jobs.fail(undefined, 'test');
    expect((await jobs.list('test', signal)).jobs).toEqual([]);
  });

  it('counts requests as the adapter makes them', async () => {
    const jobs = new FakeJobs();
    const cronJob = newCronJob();
    await jobs.create(cronJob, { name: 'a', images: {}, labels: {}, annotations: {} }, { dryRun: true }, signal);
    await jobs.list('test', signal);
    expect(jobs.calls.map(({ method }) => method)).toEqual(['create', 'list']);
    expect(jobs.requests).toBe(3);
  });

  it('lets a test lose the answer to a Job that is made', async () => {
    const jobs = new FakeJobs();
    const lost = new RemoteError('cluster', 'the connection was lost', { retryable: true });
    jobs.onCreate = () => {
      throw lost;
    };
    const job = { name: 'a', images: {}, labels: {}, annotations: {} };
    await expect(jobs.create(newCronJob(), job, { dryRun: false }, signal)).rejects.toBe(lost);
    expect(jobs.job('test', 'a')).toMatchObject(
      newJob({
        name: 'a',
        uid: 'uid-1',
        ownerUid: newCronJob().uid,
        createdAt: expect.any(Date) as Date,
        resourceVersion: '1',
        annotations: expect.anything() as Record<string, string>,
      }),
    );
  });
});
