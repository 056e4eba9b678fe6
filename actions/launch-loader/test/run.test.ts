import { RemoteError } from '@delivery/core/errors/errors';
import { newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { condition, ended, loads, running, Stage, startsAndRuns, unreachable } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const summaryOf = (outcome: { summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('launching', () => {
  it('makes a Job in every project that has one for the image, with the build by digest and its marks', async () => {
    const outcome = await stage.run();
    expect(outcome.result).toBe('success');
    expect(outcome.outputs).toMatchObject({ launched: ['test', 'production', 'ric'], blocked: [], failed: [] });
    expect(outcome.outputs.jobs).toMatchObject({
      ric: { namespace: 'ric', name: 'loader', verdict: 'succeeded', cause: '' },
    });
    expect(stage.jobs.creations).toHaveLength(3);
    const { job } = stage.jobs.creations[0]!;
    expect(job.images).toEqual({ loader: stage.build(12) });
    expect(job.labels).toEqual({
      'delivery.actions/cron-job': 'loader',
      'delivery.actions/build': '12',
      'delivery.actions/commit': 'c'.repeat(40),
      'delivery.actions/data-origin': '2026-09-15T16',
      'delivery.actions/run-id': '7001',
      'delivery.actions/run-attempt': '1',
    });
    expect(job.annotations).toEqual({
      'delivery.actions/digest': stage.build(12).replace(/.*@/, ''),
      'delivery.actions/run': 'https://github.example.org/acme/stack/actions/runs/7001',
    });
  });

  it('notes in the ledger of the build that it loaded in TEST, and nothing of projects that follow stable', async () => {
    await stage.run();
    expect(await stage.ledger(12)).toMatchObject([
      { event: 'loaded', verdict: 'success', project: 'test', build: 12, by: 'ada' },
    ]);
  });

  it('notes that it did not load, but not what the site lacks', async () => {
    stage.jobs.removeCronJob({ namespace: 'test', name: 'loader' });
    await stage.run({ projects: ['test'] });
    expect(await stage.ledger(12)).toEqual([]);
    stage.jobs.putCronJob(newCronJob({ namespace: 'test' }));
    stage.conducts.set('test', (job) => {
      stage.pod(job, ended(3));
      stage.end(job, 'Failed', 'BackoffLimitExceeded');
    });
    await stage.run({ projects: ['test'] });
    expect(await stage.ledger(12)).toMatchObject([{ event: 'loaded', verdict: 'failure', project: 'test' }]);
  });

  it('removes every finished Job of the loader and nothing else', async () => {
    stage.earlier('test', { conditions: [condition('Complete')] });
    stage.earlier('test', { name: 'by-hand', uid: 'hand', conditions: [condition('Failed')] });
    const other = stage.jobs.putJob(newJob({ name: 'backup', ownerUid: 'x', conditions: [condition('Complete')] }));
    expect((await stage.run({ projects: ['test'] })).result).toBe('success');
    expect(stage.jobs.space('test').jobs.map(({ name, uid }) => [name, uid])).toEqual([
      ['backup', other.uid],
      ['loader', expect.not.stringContaining('earlier') as string],
    ]);
  });

  it('takes six requests where one finished Job is removed and the start is waited for', async () => {
    stage.earlier('test', { conditions: [condition('Complete')] });
    stage.conducts.set('test', (job) => queueMicrotask(() => stage.pod(job, running)));
    const outcome = await stage.run({ projects: ['test'], wait: 'start' });
    expect(outcome.outputs.jobs).toMatchObject({ test: { verdict: 'started' } });
    expect(stage.jobs.requests).toBeLessThanOrEqual(6);
  });

  it('names all projects that are not meant, before anything is asked', async () => {
    await expect(stage.run({ projects: ['tset', 'graph', 'ric'] })).rejects.toMatchObject({
      problems: [
        { field: 'projects', message: expect.stringContaining('did you mean "test"') as string },
        { field: 'projects', message: expect.stringContaining('has no job for "loader"') as string },
      ],
    });
    expect(stage.jobs.calls).toEqual([]);
  });

  it('refuses an image that no project has a job for', async () => {
    await expect(stage.run({ image: 'web' })).rejects.toMatchObject({ code: 'input' });
  });

  it('only says in a dry run what it would do', async () => {
    stage.earlier('test', { conditions: [condition('Complete')] });
    stage.earlier('ric', { active: 1 });
    const outcome = await stage.run({ 'dry-run': true });
    expect(outcome.result).toBe('unstable');
    expect(outcome.outputs).toMatchObject({ launched: [], blocked: ['ric'] });
    expect(stage.jobs.creations).toEqual([]);
    expect(stage.jobs.job('test', 'loader')?.uid).toBe('earlier-test');
  });

  it('needs to be told the container where there are several, and takes the one that it is told', async () => {
    const containers = ['loader', 'proxy'].map((name) => ({ name, image: 'x', init: false }));
    stage.jobs.putCronJob(newCronJob({ containers }));
    const refused = await stage.run({ projects: ['test'] });
    expect(refused.outputs.jobs).toMatchObject({ test: { verdict: 'failed', cause: 'refused' } });
    expect(refused.reason).toContain('loader, proxy');
    stage.job = { ...stage.job, containers: ['loader'] };
    expect((await stage.run({ projects: ['test'] })).result).toBe('success');
  });
});

describe('beside a Job that runs', () => {
  it('launches nothing there, touches nothing, is unstable, and says which runs since when', async () => {
    const busy = stage.earlier('ric', { active: 1, createdAt: new Date('2026-09-15T12:34:56Z') });
    const outcome = await stage.run();
    expect(outcome.result).toBe('unstable');
    expect(outcome.outputs).toMatchObject({ launched: ['test', 'production'], blocked: ['ric'], failed: [] });
    expect(outcome.reason).toContain('Job ric/loader runs (since 2026-09-15T12:34Z)');
    expect(outcome.next).toContain('The next build of the image tries again');
    expect(stage.jobs.space('ric').jobs).toEqual([busy]);
  });

  it('fails when that is asked for', async () => {
    stage.earlier('ric', { active: 1 });
    expect((await stage.run({ 'on-running': 'fail' })).result).toBe('failure');
    expect(stage.jobs.space('ric').jobs).toHaveLength(1);
  });

  it('waits for its end when that is asked for, then replaces it', async () => {
    const busy = stage.earlier('ric', { active: 1 });
    const outcome = stage.run({ 'on-running': 'wait', projects: ['ric'] });
    await stage.clock.advance(60_000);
    stage.end({ ...busy, active: 0 }, 'Complete');
    expect((await outcome).result).toBe('success');
    expect(stage.jobs.job('ric', 'loader')?.uid).not.toBe(busy.uid);
  });

  it('waits no longer than it may', async () => {
    stage.earlier('ric', { active: 1 });
    const outcome = await stage.run({ 'on-running': 'wait', projects: ['ric'], timeout: 600_000 });
    expect(outcome.result).toBe('unstable');
    expect(stage.clock.now().getTime() - Date.parse('2026-09-15T16:00:00Z')).toBeLessThan(620_000);
  });

  it('loses the race for the name as gracefully as if the other had been there before', async () => {
    stage.jobs.afterList = () => {
      if (stage.jobs.job('test', 'loader') === undefined) stage.earlier('test', { active: 1 });
    };
    const outcome = await stage.run({ projects: ['test'] });
    expect(outcome.outputs).toMatchObject({ blocked: ['test'], launched: [] });
    expect(stage.jobs.job('test', 'loader')?.uid).toBe('earlier-test');
  });

  it('lets a Job alone that has the name but is not of the loader', async () => {
    const foreign = stage.jobs.putJob(newJob({ conditions: [condition('Complete')] }));
    const outcome = await stage.run({ projects: ['test'] });
    expect(outcome.outputs.jobs).toMatchObject({ test: { verdict: 'failed', cause: 'refused' } });
    expect(stage.jobs.job('test', 'loader')?.uid).toBe(foreign.uid);
  });
});

describe('a second start of the same run', () => {
  it('adopts its own Job, whatever has become of it', async () => {
    await stage.run();
    const outcome = await stage.run();
    expect(outcome.result).toBe('success');
    expect(stage.jobs.creations).toHaveLength(3);
  });

  it('as a re-run goes on watching what still runs, and launches again what has ended', async () => {
    stage.conducts.set('test', startsAndRuns);
    stage.conducts.set('ric', (job) => {
      stage.pod(job, ended(1));
      stage.end(job, 'Failed', 'BackoffLimitExceeded');
    });
    const first = stage.start({ projects: ['test', 'ric'] });
    await stage.clock.advance(5_000);
    stage.cancel.abort(new Error('cancelled'));
    expect((await first).outputs.jobs).toMatchObject({ test: { verdict: 'cancelled' } });

    const again = new Stage();
    Object.assign(again, { jobs: stage.jobs, runAttempt: 2 });
    const own = stage.jobs.job('test', 'loader')!;
    stage.jobs.onCreate = (job) => loads(job, again);
    const outcome = again.run({ projects: ['test', 'ric'] });
    await again.clock.advance(5_000);
    loads(own, stage);
    expect((await outcome).result).toBe('success');
    expect(stage.jobs.job('test', 'loader')?.uid).toBe(own.uid);
    expect(stage.jobs.creations.map(({ cronJob }) => cronJob.namespace)).toEqual(['test', 'ric', 'ric']);
  });

  it('finds the Job whose answer was lost', async () => {
    stage.conducts.set('test', (job) => {
      loads(job, stage);
      throw new RemoteError('cluster', 'already exists', { status: 409, retryable: false });
    });
    expect((await stage.run({ projects: ['test'] })).result).toBe('success');
    expect(stage.jobs.creations).toHaveLength(1);
  });
});

describe('what has become of a load', () => {
  const only = { projects: ['test'] };
  const causeOf = (outcome: { outputs: object }) =>
    (outcome.outputs as { jobs: { test: { cause: string } } }).jobs.test.cause;

  it('is a failure when the Job is Complete without the sign of success, with an excerpt of its log', async () => {
    stage.conducts.set('test', (job) => {
      stage.jobs.logs.set('loader-x1/loader/0', ['MURD: done', 'load failed: no directory for NUDT7A']);
      stage.pod(job, ended(0));
      stage.end(job, 'Complete');
    });
    const outcome = await stage.run(only);
    expect(outcome.result).toBe('failure');
    expect(causeOf(outcome)).toBe('not-loaded');
    expect(summaryOf(outcome)).toContain('load failed: no directory for NUDT7A');
  });

  it('is judged by the last run of the container, not by an earlier one that had printed the sign', async () => {
    stage.conducts.set('test', (job) => {
      stage.jobs.logs.set('loader-x1/loader/0', ['loaded: 1 targets']);
      stage.jobs.logs.set('loader-x1/loader/1', ['nothing to do']);
      const status = { name: 'loader', init: false, image: '', ready: false, restarts: 1, last: undefined };
      stage.pod(job, ended(0), { containers: [{ ...status, state: ended(0) }] });
      stage.end(job, 'Complete');
    });
    const outcome = await stage.run(only);
    expect(causeOf(outcome)).toBe('not-loaded');
    expect(stage.log.of('outside')).toEqual(['loaded: 1 targets', 'nothing to do']);
  });

  it.each([
    ['loaded: 3', 'succeeded'],
    ['load failed: no space', 'failed'],
    ['', 'failed'],
  ])('is told by its termination message %j where delivery.yaml says so', async (message, verdict) => {
    stage.job = { ...stage.job, succeeds: { logMatches: undefined, messageMatches: /^loaded: /u, count: undefined } };
    stage.conducts.set('test', (job) => {
      stage.pod(job, ended(0, { message }));
      stage.end(job, 'Complete');
    });
    expect((await stage.run(only)).outputs.jobs).toMatchObject({ test: { verdict } });
  });

  it.each([
    ['3 targets', 'succeeded'],
    ['2 targets', 'failed'],
    ['no number', 'failed'],
  ])('is told by the number on a page, %j, where delivery.yaml says so', async (body, verdict) => {
    const count = { url: new URL('https://x.example.org/'), matches: /(\d+) targets/u, atLeast: 3, withinMs: 5_000 };
    stage.job = { ...stage.job, succeeds: { logMatches: undefined, messageMatches: undefined, count } };
    stage.page = () => ({ status: 200, body });
    expect((await stage.run(only)).outputs.jobs).toMatchObject({ test: { verdict } });
  });

  it('is success for a Job that is Complete where delivery.yaml names no sign', async () => {
    stage.job = { ...stage.job, succeeds: undefined };
    stage.conducts.set('test', (job) => {
      stage.pod(job, ended(0));
      stage.end(job, 'Complete');
    });
    expect((await stage.run(only)).result).toBe('success');
  });

  const failures: [
    string,
    Parameters<Stage['pod']>[1],
    Partial<Parameters<Stage['pod']>[2]> | undefined,
    string,
    string,
  ][] = [
    [
      'out-of-memory',
      ended(137, { reason: 'OOMKilled' }),
      undefined,
      'BackoffLimitExceeded',
      'more memory than its limit',
    ],
    [
      'exit-code',
      ended(3, { message: 'no database' }),
      undefined,
      'BackoffLimitExceeded',
      'exit code 3; it said: no database',
    ],
    ['killed', ended(137), undefined, 'BackoffLimitExceeded', 'was killed'],
    ['deadline', ended(143), undefined, 'DeadlineExceeded', 'activeDeadlineSeconds'],
    ['evicted', ended(137), { reason: 'Evicted' }, 'BackoffLimitExceeded', 'evicted'],
    [
      'evicted',
      ended(143),
      { conditions: [condition('DisruptionTarget', 'EvictionByEvictionAPI', 'drained')] },
      'BackoffLimitExceeded',
      'drained',
    ],
    [
      'cannot-start',
      ended(128, { reason: 'StartError', message: 'no such file' }),
      undefined,
      'BackoffLimitExceeded',
      'no such file',
    ],
  ];
  it.each(failures)('is a failure of cause %s', async (cause, state, given, reason, words) => {
    stage.conducts.set('test', (job) => {
      stage.pod(job, state, given);
      stage.end(job, 'Failed', reason);
    });
    const outcome = await stage.run(only);
    expect(causeOf(outcome)).toBe(cause);
    expect(outcome.reason).toContain(words);
  });

  it('is not waited for longer than it may take, and the Job is left alone', async () => {
    stage.conducts.set('test', startsAndRuns);
    const outcome = await stage.run({ ...only, timeout: 300_000 });
    expect(causeOf(outcome)).toBe('timeout');
    expect(stage.jobs.job('test', 'loader')).toBeDefined();
  });

  it('is told as removed when somebody deletes the Job', async () => {
    stage.conducts.set('test', startsAndRuns);
    const outcome = stage.run(only);
    await stage.clock.advance(2_000);
    stage.jobs.removeJob({ namespace: 'test', name: 'loader' });
    expect(causeOf(await outcome)).toBe('removed');
  });
});

describe('a Job that cannot start', () => {
  const only = { projects: ['test'] };
  const waiting = { is: 'waiting', reason: 'ErrImagePull', message: 'manifest unknown: not found' } as const;
  const nowhere = (message: string) => ({
    conditions: [{ type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message }],
    containers: [],
  });

  it.each(['start', 'completion'] as const)(
    'is found out while the %s is waited for, and goes so that it blocks nothing',
    async (wait) => {
      stage.conducts.set('test', (job) => stage.pod(job, waiting));
      const outcome = await stage.run({ ...only, wait });
      expect(outcome.outputs.jobs).toMatchObject({ test: { verdict: 'failed', cause: 'image-pull' } });
      expect(outcome.next).toContain('is removed');
      expect(stage.jobs.space('test').jobs).toEqual([]);
    },
  );

  it('stays when its container has begun after all', async () => {
    stage.conducts.set('test', (job) => stage.pod(job, waiting));
    stage.jobs.beforeList = () => {
      const own = stage.jobs.job('test', 'loader');
      if (own) stage.pod(own, running);
    };
    const outcome = await stage.run(only);
    expect(outcome.next).toContain('left alone');
    expect(stage.jobs.job('test', 'loader')).toBeDefined();
  });

  it('is told when its node selector matches no node', async () => {
    const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    stage.conducts.set('test', (job) => stage.pod(job, { is: 'waiting', reason: '', message: '' }, nowhere(message)));
    const outcome = await stage.run(only);
    expect(outcome.outputs.jobs).toMatchObject({ test: { cause: 'unschedulable' } });
    expect(outcome.reason).toContain('affinity/selector');
  });

  it('waits for room on nodes that are full', async () => {
    const full = nowhere('0/1 nodes are available: 1 Insufficient memory.');
    stage.conducts.set('test', (job) => stage.pod(job, { is: 'waiting', reason: '', message: '' }, full));
    const outcome = stage.run(only);
    await stage.clock.advance(300_000);
    loads(stage.jobs.job('test', 'loader')!, stage);
    expect((await outcome).result).toBe('success');
  });

  it('is told when the API server lets it make no pod', async () => {
    stage.conducts.set('test', ({ uid, name }) =>
      stage.jobs.putEvent('test', {
        ...{
          type: 'Warning',
          reason: 'FailedCreate',
          message: 'pods "x" is forbidden: exceeded quota: small',
          count: 1,
        },
        ...{ object: { kind: 'Job', name, uid }, lastSeen: stage.clock.now() },
      }),
    );
    expect((await stage.run(only)).outputs.jobs).toMatchObject({ test: { verdict: 'failed', cause: 'quota' } });
  });
});

describe('what is wrong with one project', () => {
  it('is not held against the others: its cluster cannot be reached', async () => {
    stage.jobs.fail(unreachable, 'production');
    const outcome = await stage.run();
    expect(outcome.result).toBe('failure');
    expect(outcome.outputs).toMatchObject({ launched: ['test', 'ric'], failed: ['production'] });
    expect(outcome.reason).toContain('connection refused');
  });

  it('is not held against the others: it has no CronJob', async () => {
    stage.jobs.removeCronJob({ namespace: 'production', name: 'loader' });
    const outcome = await stage.run();
    expect(outcome.outputs.jobs).toMatchObject({
      production: { verdict: 'failed', cause: 'cronjob-missing' },
      ric: { verdict: 'succeeded' },
    });
  });

  it('is told beside what is blocked elsewhere', async () => {
    stage.earlier('ric', { active: 1 });
    stage.jobs.fail(unreachable, 'production');
    expect((await stage.run()).outputs).toMatchObject({ launched: ['test'], blocked: ['ric'], failed: ['production'] });
  });
});

describe('a cancel', () => {
  const cancelDuring = async (inputs: Parameters<Stage['start']>[0]) => {
    stage.conducts.set('test', startsAndRuns);
    const outcome = stage.start({ projects: ['test'], ...inputs });
    await stage.clock.advance(5_000);
    stage.cancel.abort(new Error('cancelled'));
    return outcome;
  };

  it('leaves the Job running', async () => {
    const outcome = await cancelDuring({});
    expect(outcome).toMatchObject({
      result: 'failure',
      outputs: { launched: ['test'], jobs: { test: { verdict: 'cancelled' } } },
    });
    expect(stage.jobs.job('test', 'loader')).toBeDefined();
  });

  it('deletes it when that is asked for', async () => {
    const outcome = await cancelDuring({ 'on-cancel': 'delete' });
    expect(outcome.reason).toContain('is deleted');
    expect(stage.jobs.space('test').jobs).toEqual([]);
  });

  it('deletes a Job too whose making was under way', async () => {
    stage.conducts.set('test', () => {
      stage.cancel.abort(new Error('cancelled'));
      throw stage.cancel.signal.reason as Error;
    });
    const outcome = await stage.start({ projects: ['test'], 'on-cancel': 'delete' });
    expect(outcome.outputs.jobs).toMatchObject({ test: { verdict: 'cancelled' } });
    expect(stage.jobs.space('test').jobs).toEqual([]);
  });
});

describe('the log', () => {
  it('arrives line by line, each with its project where there are several', async () => {
    await stage.run({ projects: ['test', 'ric'] });
    const lines = stage.log.of('outside').flatMap((text) => text.split('\n'));
    expect(lines).toContain('[ric] loaded: 1 targets from 2026-09-15T16');
    expect(lines).toContain('[test] MURD: done');
  });

  it('that cannot be read on is a warning, and the load is judged by what is left', async () => {
    stage.jobs.followLog = async () => {
      throw new RemoteError('cluster', 'the kubelet is away', { retryable: true });
    };
    const outcome = await stage.run({ projects: ['test'] });
    expect(outcome.outputs.jobs).toMatchObject({ test: { verdict: 'failed', cause: 'not-loaded' } });
    expect(outcome.reason).toContain('as far as it could be read (the kubelet is away)');
    expect(stage.log.of('warning')).toHaveLength(1);
  });
});
