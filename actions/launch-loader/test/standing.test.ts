import type { Job } from '@delivery/core/domain/job';
import type { Pod } from '@delivery/core/domain/workload';
import { newPod } from '@delivery/testing/fake-cluster';
import { newCronJob, newJob } from '@delivery/testing/fake-jobs';
import { standingOf } from '@delivery/core/action/launch/standing';
import { condition } from './stage.ts';

const cronJob = newCronJob({ podLabels: { app: 'loader' } });
const job = (given: Partial<Job> = {}) => newJob({ ownerUid: cronJob.uid, ...given });
const pod = (given: Partial<Pod> = {}) =>
  newPod({ ownerUid: job().uid, phase: 'Running', labels: { 'job-name': 'loader', app: 'loader' }, ...given });
const at = (jobs: readonly Job[], pods: readonly Pod[] = []) =>
  standingOf({ namespace: 'test', jobs, pods, version: undefined }, cronJob);

describe('a Job counts as running', () => {
  const cases: [string, Job, Pod[], string][] = [
    ['while a pod of it runs', job({ active: 1 }), [pod()], 'runs'],
    ['when its status says so and no pod is seen yet', job({ active: 1 }), [], 'runs'],
    ['before it has made its first pod', job(), [], 'is about to make a pod'],
    ['while it is suspended', job({ suspended: true }), [], 'is suspended'],
    ['while it is being deleted', job({ deleting: true, conditions: [condition('Complete')] }), [], 'is being deleted'],
    ['while it is Failed and a pod still ends', job({ conditions: [condition('Failed')] }), [pod()], 'still end'],
    [
      'while its status counts pods that end',
      job({ conditions: [condition('Failed')], terminating: 1 }),
      [],
      'still end',
    ],
    ['while its pod is being deleted', job({ active: 0 }), [pod({ deleting: true })], 'still end'],
    ['while its pod finds no place', job({ active: 1 }), [pod({ phase: 'Pending' })], 'is being set up'],
    [
      'when a condition is there but not True',
      job({ conditions: [{ ...condition('Complete'), status: 'False' }] }),
      [],
      'make a pod',
    ],
    ['when it was made by hand', job({ name: 'by-hand', active: 1 }), [], 'runs'],
    [
      'when only its label is left of its CronJob',
      newJob({ active: 1, labels: { 'delivery.actions/cron-job': 'loader' } }),
      [],
      'runs',
    ],
  ];
  it.each(cases)('%s', (_, one, pods, state) => {
    expect(at([one], pods)).toMatchObject({
      running: [{ state: expect.stringContaining(state) as string }],
      finished: [],
    });
  });

  it('whatever its age', () => {
    expect(at([job({ createdAt: new Date(0) })]).running).toHaveLength(1);
  });
});

describe('a Job has finished', () => {
  it.each(['Complete', 'Failed'])('when it is %s and all its pods have ended', (type) => {
    const over = job({ conditions: [condition(type)] });
    const pods = [pod({ phase: 'Succeeded' }), pod({ name: 'b', uid: 'b', phase: 'Failed', deleting: true })];
    expect(at([over], pods)).toEqual({ running: [], finished: [over] });
  });
});

describe('what is not of this loader', () => {
  const other = newJob({ name: 'backup', ownerUid: 'another CronJob', active: 1 });

  it('neither runs nor is removed', () => {
    expect(at([other, { ...other, name: 'done', conditions: [condition('Complete')] }])).toEqual({
      running: [],
      finished: [],
    });
  });

  it('does not lend its pods', () => {
    expect(at([other], [pod({ ownerUid: other.uid, labels: { 'job-name': 'backup' } })]).running).toEqual([]);
  });
});

describe('a pod whose Job is gone', () => {
  it('counts as running until it has ended, when it is of the template', () => {
    const orphan = pod({ ownerUid: 'gone', deleting: true });
    expect(at([], [orphan]).running).toMatchObject([
      { name: 'loader', state: expect.stringContaining('still ends') as string },
    ]);
    expect(at([], [{ ...orphan, phase: 'Succeeded' }]).running).toEqual([]);
  });

  it('is nothing to this loader when its labels are others', () => {
    expect(at([], [pod({ ownerUid: 'gone', labels: { 'job-name': 'backup', app: 'backup' } })]).running).toEqual([]);
  });
});
