import type { CronJob } from '@delivery/core/domain/job';
import type { Context } from './jobs-kit.ts';
import { containers, failure, kept, loader, one, two } from './jobs-kit.ts';

/** The variables that Jobs.create gives to containers. */
export function variablesContract(context: Context): void {
  it('gives containers variables to the very values given, in place of those of the template, and leaves the rest', async () => {
    const { kit, jobs, namespace, signal } = context();
    const template = { loader: { A: 'old', B: 'kept' }, sidecar: { A: 'old' } };
    await kit.createCronJob('loader', containers, template);
    const cronJob = (await jobs.readCronJob(namespace, 'loader', signal)) as CronJob;
    const given = { A: '$(B) $$ {"a": null}\n\'"', C: '' };
    const job = await jobs.create(cronJob, { ...loader, env: { loader: given, prepare: { D: '1' } } }, kept, signal);
    const { env, containers: made } = await kit.readPodTemplate(job);
    expect(env).toEqual({ loader: { ...given, B: 'kept' }, prepare: { D: '1' }, sidecar: { A: 'old' } });
    expect(made.map(({ image }) => image)).toEqual([two, two, one]);
  });

  it('refuses a value for a variable that the template takes from a Secret', async () => {
    const { kit, jobs, namespace, signal } = context();
    await kit.createCronJob('loader', containers, { loader: { PASSWORD: { secret: 'database', key: 'password' } } });
    const cronJob = (await jobs.readCronJob(namespace, 'loader', signal)) as CronJob;
    const env = { loader: { PASSWORD: 'hunter2', A: '1' } };
    const error = await failure(jobs.create(cronJob, { ...loader, env }, kept, signal));
    expect(error).toMatchObject({ code: 'env-taken', message: expect.stringMatching(/PASSWORD.*loader/) as string });
    expect(String(error)).not.toContain('hunter2');
    expect((await jobs.list(namespace, signal)).jobs).toEqual([]);
    const elsewhere = { sidecar: { PASSWORD: 'x' } };
    expect(await jobs.create(cronJob, { ...loader, env: elsewhere }, kept, signal)).toMatchObject({ name: 'loader-1' });
  });
}
