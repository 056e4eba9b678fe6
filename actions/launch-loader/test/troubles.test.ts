import type { ContainerStatus } from '@delivery/core/domain/workload';
import { RemoteError } from '@delivery/core/errors/errors';
import { newCronJob } from '@delivery/testing/fake-jobs';
import { condition, ended, running, Stage, startsAndRuns } from './stage.ts';

// What happens seldom, and must not end in a wrong colour, a load that is lost, or a wait without an end.

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const only = { projects: ['test'] };
const began = Date.parse('2026-09-15T16:00:00Z');
const passed = () => stage.clock.now().getTime() - began;
const endOf = (outcome: { outputs: object }) =>
  (outcome.outputs as { jobs: { test: { verdict: string; cause: string } } }).jobs.test;
const status = (name: string, given: Partial<ContainerStatus>): ContainerStatus => ({
  ...{ name, init: false, image: '', ready: false, restarts: 0, state: running, last: undefined },
  ...given,
});
const waiting = { is: 'waiting', reason: '', message: '' } as const;

describe('an account that lacks rights', () => {
  it('is told all of them, of every project, and nothing is launched', async () => {
    const all = { apiGroups: ['*'], resources: ['*'] };
    stage.permissions.allowOnly('test', [{ ...all, verbs: ['get', 'list', 'watch', 'create'] }]);
    stage.permissions.allowOnly('ric', [{ ...all, verbs: ['list', 'watch', 'create', 'delete'] }]);
    await expect(stage.run()).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringMatching(
        /\nnamespace test: jobs \(batch\): delete\nnamespace ric: pods: get; pods\/log: get; cronjobs \(batch\) [\w-]+: get$/,
      ) as string,
    });
    expect(stage.jobs.calls).toEqual([]);
  });
});

describe('a Job that has ended', () => {
  it('is judged though its pod hangs on a node that is gone, and its log never ends', async () => {
    stage.conducts.set('test', (job) => {
      stage.pod(job, running);
      stage.end(job, 'Failed', 'DeadlineExceeded');
    });
    const outcome = await stage.run(only);
    expect(endOf(outcome)).toMatchObject({ verdict: 'failed', cause: 'deadline' });
    expect(passed()).toBeLessThan(120_000);
  });

  it('is judged by the pod that loaded, though an earlier one hangs', async () => {
    stage.conducts.set('test', (job) => {
      stage.pod(job, running, { name: 'hangs', uid: 'hangs' });
      stage.jobs.logs.set('loader-x2/loader/0', ['loaded: 1 targets']);
      stage.pod(job, ended(0), { name: 'loader-x2', uid: 'x2', createdAt: new Date(began) });
      stage.end(job, 'Complete');
    });
    expect(endOf(await stage.run(only))).toMatchObject({ verdict: 'succeeded' });
  });

  it('is judged though it was deleted as soon as it was Complete', async () => {
    stage.conducts.set('test', startsAndRuns);
    const outcome = stage.run(only);
    await stage.clock.advance(10_000);
    const job = stage.jobs.job('test', 'loader')!;
    stage.jobs.logs.set('loader-x1/loader/0', ['loaded: 1 targets']);
    stage.pod(job, ended(0));
    stage.jobs.removeJob(job);
    expect(endOf(await outcome)).toMatchObject({ verdict: 'succeeded' });
  });

  it('is judged by the loader where an init container runs the image too', async () => {
    stage.job = { ...stage.job, containers: ['migrate', 'loader'] };
    const containers = ['migrate', 'loader'].map((name) => ({ name, image: 'x', init: name === 'migrate' }));
    stage.jobs.putCronJob(newCronJob({ containers }));
    stage.conducts.set('test', (job) => {
      stage.jobs.logs.set('loader-x1/loader/0', ['loaded: 1 targets']);
      const migrate = status('migrate', { init: true, state: ended(0) });
      stage.pod(job, ended(0), { containers: [migrate, status('loader', { state: ended(0) })] });
      stage.end(job, 'Complete');
    });
    expect(endOf(await stage.run(only))).toMatchObject({ verdict: 'succeeded' });
  });
});

describe('waiting for the start', () => {
  const start = { ...only, wait: 'start' } as const;

  it('is a failure when the container could not be started', async () => {
    stage.conducts.set('test', (job) => {
      stage.pod(job, ended(128, { reason: 'StartError', message: 'no such file' }));
      stage.end(job, 'Failed', 'BackoffLimitExceeded');
    });
    expect(endOf(await stage.run(start))).toMatchObject({ verdict: 'failed', cause: 'cannot-start' });
  });

  it('is a failure within seconds when the node refuses the pod, and the Job has failed by it', async () => {
    stage.conducts.set('test', (job) => {
      stage.pod(job, waiting, { phase: 'Failed', reason: 'OutOfmemory', containers: [] });
      stage.end(job, 'Failed', 'BackoffLimitExceeded');
    });
    const outcome = await stage.run(start);
    expect(endOf(outcome)).toMatchObject({ verdict: 'failed', cause: 'cannot-start' });
    expect(outcome.reason).toContain('OutOfmemory');
    expect(passed()).toBeLessThan(15_000);
  });

  it('ends within seconds when somebody deletes the Job', async () => {
    stage.conducts.set('test', () => undefined);
    const outcome = stage.run(start);
    await stage.clock.advance(1_000);
    stage.jobs.removeJob({ namespace: 'test', name: 'loader' });
    expect(endOf(await outcome)).toMatchObject({ verdict: 'failed', cause: 'removed' });
    expect(passed()).toBeLessThan(15_000);
  });

  it('does not ask more and more while there is no room', async () => {
    const full = {
      type: 'PodScheduled',
      status: 'False' as const,
      reason: 'Unschedulable',
      message: 'Insufficient cpu',
    };
    stage.conducts.set('test', (job) => stage.pod(job, waiting, { conditions: [full], containers: [] }));
    const outcome = await stage.run({ ...start, timeout: 3_600_000 });
    expect(endOf(outcome)).toMatchObject({ verdict: 'failed', cause: 'timeout' });
    expect(outcome.reason).toContain('Insufficient cpu');
    // Four requests each time: every 4 s for a minute, then every 30 s.
    expect(stage.jobs.requests).toBeLessThan(600);
    expect(stage.jobs.space('test').jobs).toEqual([]);
  });
});

describe('what may pass', () => {
  const nowhere = (message: string) => ({
    conditions: [{ type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message }],
    containers: [],
  });

  it.each([
    '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful.',
    '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.',
    "0/2 nodes are available: 1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector.",
  ])('is waited for: %s', async (message) => {
    stage.conducts.set('test', (job) => stage.pod(job, waiting, nowhere(message)));
    const outcome = stage.run(only);
    await stage.clock.advance(120_000);
    const job = stage.jobs.job('test', 'loader')!;
    stage.jobs.logs.set('loader-x1/loader/0', ['loaded: 1 targets']);
    stage.pod(job, ended(0));
    stage.end(job, 'Complete');
    expect(endOf(await outcome)).toMatchObject({ verdict: 'succeeded' });
  });

  it('is an init container that ends and is tried again, for as long as the Job allows', async () => {
    const last = ended(1, { message: 'no database yet' }) as Extract<ContainerStatus['last'], object>;
    const crash = { is: 'waiting', reason: 'CrashLoopBackOff', message: '' } as const;
    const init = status('wait-db', { init: true, restarts: 2, state: crash, last });
    const pod = { containers: [init, status('loader', { state: waiting })] };
    stage.conducts.set('test', (job) => stage.pod(job, waiting, pod));
    const outcome = stage.run(only);
    await stage.clock.advance(60_000);
    const job = stage.jobs.job('test', 'loader')!;
    stage.pod(job, waiting, { ...pod, phase: 'Failed' });
    stage.end(job, 'Failed', 'BackoffLimitExceeded');
    expect(endOf(await outcome)).toMatchObject({ verdict: 'failed', cause: 'exit-code' });
    expect((await outcome).reason).toContain('no database yet');
  });
});

describe('before anything is made', () => {
  it('refuses a CronJob whose Jobs have several pods', async () => {
    stage.jobs.putCronJob(newCronJob({ podsPerJob: 2 }));
    const outcome = await stage.run(only);
    expect(endOf(outcome)).toMatchObject({ verdict: 'failed', cause: 'refused' });
    expect(outcome.reason).toContain('completions and parallelism');
  });

  it('touches nothing in a dry run, this run’s own Job neither', async () => {
    stage.conducts.set('test', startsAndRuns);
    const first = stage.start(only);
    await stage.clock.advance(1_000);
    const again = await stage.run({ ...only, 'dry-run': true, 'on-cancel': 'delete' });
    expect(endOf(again)).toMatchObject({ verdict: 'planned' });
    expect(stage.jobs.space('test').jobs).toHaveLength(1);
    stage.cancel.abort(new Error('cancelled'));
    await first;
  });

  describe('asks the API server in a dry run', () => {
    const quota = new RemoteError('cluster', 'exceeded quota: small', { status: 403, retryable: false });
    const dry = { ...only, 'dry-run': true };
    const refusedBy = (error: RemoteError) => {
      stage.jobs.onAdmission = () => {
        throw error;
      };
    };

    it('once, and tells what it has against the Job', async () => {
      expect(endOf(await stage.run(dry))).toMatchObject({ verdict: 'planned' });
      expect(stage.jobs.calls.filter(({ method }) => method === 'create')).toHaveLength(1);
      refusedBy(quota);
      const refused = await stage.run(dry);
      expect(endOf(refused)).toMatchObject({ verdict: 'failed' });
      expect(refused.reason).toContain('exceeded quota: small');
      expect(stage.jobs.space('test').jobs).toEqual([]);
    });

    it('where a Job that has ended keeps its name, and its place in a quota, until it is removed', async () => {
      stage.earlier('test', { conditions: [condition('Complete')] });
      expect(endOf(await stage.run(dry))).toMatchObject({ verdict: 'planned' });
      refusedBy(quota);
      expect(endOf(await stage.run(dry))).toMatchObject({ verdict: 'planned' });
      refusedBy(new RemoteError('cluster', 'a policy denied the request', { status: 403, retryable: false }));
      expect((await stage.run(dry)).reason).toContain('a policy denied the request');
    });
  });

  it.each([
    ['jobs.batch "loader" is forbidden: exceeded quota: small', 'quota'],
    ['admission webhook "policy" denied the request', 'admission'],
  ])('tells by whom it was refused: %s', async (message, cause) => {
    stage.jobs.onCreate = (job) => {
      stage.jobs.removeJob(job);
      throw new RemoteError('cluster', message, { status: 403, retryable: false });
    };
    expect(endOf(await stage.run(only))).toMatchObject({ verdict: 'failed', cause });
  });

  it('says that a Job may have been made when the answer stayed lost', async () => {
    stage.jobs.onCreate = () => {
      throw new RemoteError('cluster', 'the connection was lost', { retryable: true });
    };
    const outcome = await stage.run(only);
    expect(endOf(outcome)).toMatchObject({ verdict: 'failed', cause: 'cluster' });
    expect(outcome.next).toContain('may have been made');
  });
});

const unanswered = (signal: AbortSignal) =>
  new Promise<boolean>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('a cancel that cannot clear up', () => {
  it.each([
    ['is refused', () => Promise.reject(new RemoteError('cluster', 'forbidden', { status: 403, retryable: false }))],
    ['gets no answer', unanswered],
  ])('tells of every project when it %s', async (_, remove) => {
    for (const namespace of ['test', 'ric']) stage.conducts.set(namespace, startsAndRuns);
    const outcome = stage.start({ projects: ['test', 'ric'], 'on-cancel': 'delete' });
    await stage.clock.advance(2_000);
    const really = stage.jobs.remove.bind(stage.jobs);
    stage.jobs.remove = (job, options, signal) =>
      job.namespace === 'test' ? remove(signal) : really(job, options, signal);
    stage.cancel.abort(new Error('cancelled'));
    await stage.clock.advance(4_000);
    const told = await outcome;
    expect(told.outputs).toMatchObject({ jobs: { test: { verdict: 'cancelled' }, ric: { verdict: 'cancelled' } } });
    expect(told.reason).toContain('kubectl -n test delete job loader');
    expect(stage.jobs.space('ric').jobs).toEqual([]);
  });
});

describe('a Job that blocks and may never end', () => {
  it.each([
    [{ suspended: true }, true],
    [{ active: 1 }, false],
  ])('is told with the way to remove it: %j', async (given, told) => {
    stage.earlier('test', given);
    const { next = '' } = await stage.run(only);
    expect(next.includes('kubectl -n test delete job loader')).toBe(told);
  });
});

it('a Job is Failed and adopted: its failure is told, also where only the start is waited for', async () => {
  stage.conducts.set('test', (job) => {
    stage.pod(job, ended(3));
    stage.jobs.putJob({ ...job, conditions: [condition('Failed', 'BackoffLimitExceeded')] });
  });
  await stage.run(only);
  expect(endOf(await stage.run(only))).toMatchObject({ verdict: 'failed', cause: 'exit-code' });
});
