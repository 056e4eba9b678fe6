import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { Stage } from './stage.ts';

const lines = ['2026-09-15T16 directory file 26', 'end 1'];
const jobName = 'data-look-7001-1';
const away = new RemoteError('cluster', 'the API server is away', { status: 503, retryable: true });

function stage(): Stage {
  return Object.assign(new Stage(), { hasData: true });
}

const failure = (running: Promise<unknown>) => running.catch((caught: unknown) => caught);
const jobsLeft = ({ jobs }: Stage) => jobs.space('fragalysis-dev').jobs.map(({ name }) => name);

describe('looking through the cluster', () => {
  it('makes a Job of the suspended CronJob, reads what it prints, and removes it', async () => {
    const at = stage();
    at.printing(lines);
    expect((await at.start()).outputs).toMatchObject({ 'data-origin': '2026-09-15T16', new: true });
    expect(at.jobs.creations).toMatchObject([{ cronJob: { name: 'data-look' }, job: { name: jobName, images: {} } }]);
    expect(jobsLeft(at)).toEqual([]);
    expect(at.clock.sleeping).toBe(0);
  });

  it('waits for the container to end', async () => {
    const at = stage();
    at.printing([]);
    const ends = at.jobs.onCreate;
    at.jobs.onCreate = (job) => at.pod(job, { is: 'waiting', reason: 'ContainerCreating', message: '' }, 'Pending');
    const running = at.start();
    await at.clock.advance(60_000);
    const job = at.jobs.job('fragalysis-dev', jobName)!;
    at.pod(job, { is: 'running', startedAt: at.clock.now() });
    await at.clock.advance(1_000);
    ends(job);
    at.jobs.addLines(`${jobName}-x/look/0`, 'end 0');
    expect((await running).result).toBe('skipped');
  });

  it('shortens a name that would be too long for a Job, and not into an invalid one', async () => {
    const at = stage();
    const containers = [{ name: 'look', image: 'base:1', init: false }];
    at.jobs.readCronJob = async () =>
      newCronJob({ namespace: 'fragalysis-dev', name: `${'a'.repeat(55)}-b`, containers });
    at.printing(lines);
    await at.start();
    expect(at.jobs.creations[0]!.job.name).toBe(`${'a'.repeat(55)}-7001-1`);
  });

  it.each([
    ['anything else', ['2026-09-15T16', 'end 1'], 'has as line 1 "2026-09-15T16", which is not of its form'],
    ['too little', ['2026-09-15T16 directory file 26'], 'it is not whole'],
    ['nothing', [], 'is empty'],
    ['too much', Array<string>(20_000).fill('x'), 'has more than 10001 lines'],
  ])('refuses %s, and removes the Job', async (_, printed, message) => {
    const at = stage();
    at.printing(printed);
    const error = await failure(at.start());
    expect(error).toMatchObject({ code: 'data-listing', message: expect.stringContaining(message) as string });
    expect(jobsLeft(at)).toEqual([]);
  });

  it('says what a Job that failed has said', async () => {
    const at = stage();
    at.printing(['sh: cd: /fragalysis/django_data: No such file or directory'], 1);
    expect(await failure(at.start())).toMatchObject({
      code: 'data-look',
      message:
        'Job fragalysis-dev/data-look-7001-1 ended with exit code 1: sh: cd: /fragalysis/django_data: No such file or directory',
    });
    expect(jobsLeft(at)).toEqual([]);
  });

  it('ends when the pod is evicted', async () => {
    const at = stage();
    at.jobs.onCreate = (job) => at.pod(job, { is: 'waiting', reason: '', message: '' }, 'Failed');
    expect(await failure(at.start())).toMatchObject({ code: 'data-look' });
    expect(jobsLeft(at)).toEqual([]);
  });

  it('gives up in time, says what was seen last and what the cluster warns of, and removes the Job', async () => {
    const at = stage();
    at.jobs.onCreate = (job) => {
      at.pod(job, { is: 'waiting', reason: 'ContainerCreating', message: '' }, 'Pending');
      const object = { kind: 'Pod', name: `${job.name}-x`, uid: '' };
      const told = { type: 'Warning', count: 1, lastSeen: at.clock.now(), object } as const;
      at.jobs.putEvent(job.namespace, { ...told, reason: 'FailedMount', message: 'no such export' });
      at.jobs.putEvent(job.namespace, { ...told, reason: 'Other', message: '', object: { ...object, name: 'other' } });
    };
    const running = failure(at.start({ timeout: '2m' }));
    await at.clock.advance(120_000);
    const error = await running;
    expect(error).toMatchObject({ code: 'timeout', waitedForMs: 120_000 });
    expect((error as Error).message).toMatch(/is Pending \(ContainerCreating: \); FailedMount: no such export$/);
    expect(jobsLeft(at)).toEqual([]);
  });

  it('removes the Job when the run is cancelled', async () => {
    const at = stage();
    at.jobs.onCreate = (job) => at.pod(job, { is: 'running', startedAt: at.clock.now() });
    const running = failure(at.start());
    await at.clock.advance(1_000);
    expect(jobsLeft(at)).toEqual([jobName]);
    at.cancel.abort(new CancelledError('the run'));
    expect(await running).toMatchObject({ code: 'cancelled' });
    expect(jobsLeft(at)).toEqual([]);
  });

  it('removes the Job when the run is cancelled while it is being made', async () => {
    const at = stage();
    at.jobs.onCreate = () => {
      at.cancel.abort(new CancelledError('the run'));
      throw at.cancel.signal.reason as Error;
    };
    expect(await failure(at.start())).toMatchObject({ code: 'cancelled' });
    expect(jobsLeft(at)).toEqual([]);
  });

  it('takes up its own Job when the answer was lost', async () => {
    const at = stage();
    at.printing(lines);
    const ends = at.jobs.onCreate;
    at.jobs.onCreate = (job) => {
      ends(job);
      throw away;
    };
    expect((await at.start()).result).toBe('success');
    expect([at.jobs.creations.length, jobsLeft(at)]).toEqual([1, []]);
  });

  it("leaves another's Job of that name alone", async () => {
    const at = stage();
    at.jobs.putJob(newJob({ namespace: 'fragalysis-dev', name: jobName }));
    expect(await failure(at.start())).toMatchObject({ code: 'cluster', status: 409 });
    expect(jobsLeft(at)).toEqual([jobName]);
  });

  it('warns of a Job that could not be removed, and keeps what it found', async () => {
    const at = stage();
    at.printing(lines);
    at.jobs.remove = () => Promise.reject(away);
    expect((await at.start()).result).toBe('success');
    expect(at.log.of('warning')).toEqual([
      expect.stringContaining(
        'Job fragalysis-dev/data-look-7001-1 was not removed: the API server is away; remove it by hand',
      ),
    ]);
  });

  it('names a CronJob that is not there, or of another form', async () => {
    const at = stage();
    const container = (name: string) => ({ name, image: 'base:1', init: false });
    at.jobs.putCronJob(
      newCronJob({ namespace: 'fragalysis-dev', name: 'data-look', containers: [container('a'), container('b')] }),
    );
    expect(await failure(at.start())).toMatchObject({
      code: 'cronjob-form',
      message: 'CronJob data-look has to have one container, it has: a, b',
    });
    expect(jobsLeft(at)).toEqual([]);
    at.jobs.removeCronJob({ namespace: 'fragalysis-dev', name: 'data-look' });
    expect(await failure(at.start())).toMatchObject({ code: 'cronjob-missing' });
  });
});
