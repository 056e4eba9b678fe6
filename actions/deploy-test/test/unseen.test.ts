import { readLedger } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import { ActionError, RemoteError } from '@delivery/core/errors/errors';
import { crashing } from './conducts.ts';
import type { Stage } from './stage.ts';
import { repository, stageWith } from './stage.ts';

/** A watch that is begun while `isRefused` ends with a refusal, which is not tried again. */
function refuseWatches(stage: Stage, isRefused: () => boolean): void {
  const watch = stage.cluster.watchNamespace.bind(stage.cluster);
  stage.cluster.watchNamespace = async function* (namespace, kinds, signal) {
    if (isRefused())
      throw new RemoteError('cluster', 'list pods: HTTP 403', { status: 403, retryable: false, hint: 'Grant it.' });
    return yield* watch(namespace, kinds, signal);
  };
}

describe('a cluster that does not let the run watch any more', () => {
  it('is what the run says it failed by, not noted against the build; what was healthy comes back', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.environment = 'test';
    refuseWatches(stage, () => stage.imageOf('beat') === after);
    const outcome = await stage.run();
    const outputs = { verdict: 'rolled-back', cause: 'cluster' };
    expect(outcome).toMatchObject({ result: 'failure', next: 'Grant it.', outputs, summary: [{ kind: 'table' }] });
    expect(outcome.reason).toContain('failed (cluster): list pods: HTTP 403. ');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
    expect(stage.statuses.map(({ state }) => state)).toEqual(['in_progress', 'failure']);
    const { signal } = new AbortController();
    expect(await readLedger(repository, after.split('@')[1] as Digest, stage.registry, signal)).toEqual([]);
  });

  it('while it waits for the end of old pods gets what was healthy back as well', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.checks = [{ url: new URL('https://test.example.org/'), status: 200, contains: undefined, withinMs: 1_000 }];
    let watches = 0;
    // The first is that of the rollout.
    refuseWatches(stage, () => stage.imageOf('beat') === after && ++watches > 1);
    expect((await stage.run()).outputs).toMatchObject({ verdict: 'rolled-back', cause: 'cluster' });
    expect([stage.imageOf('web'), stage.asked]).toEqual([before, []]);
  });

  it('on the way back leaves what is set back, and cause and evidence are told', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.conducts.set(after, crashing);
    stage.cluster.logs.set('web-new/web/previous', 'no module named viewer\n');
    refuseWatches(stage, () => stage.order.length > 0 && stage.imageOf('beat') === before);
    const outcome = await stage.run();
    expect(outcome.outputs).toMatchObject({ verdict: 'rollback-failed', cause: 'crash-loop' });
    expect(outcome.reason).toContain('is set back, but it cannot be watched: list pods: HTTP 403.');
    expect(JSON.stringify(outcome.summary)).toContain('no module named viewer');
    expect([stage.imageOf('web'), stage.imageOf('beat')]).toEqual([before, before]);
  });

  it('changes nothing of a build that runs everywhere already', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    stage.running(after, {
      annotations: { 'delivery.actions/healthy': JSON.stringify({ web: before, beat: before }) },
    });
    let watches = 0;
    // The first is the look at what runs.
    refuseWatches(stage, () => ++watches > 1);
    await expect(stage.run()).rejects.toThrow('list pods: HTTP 403');
    expect([stage.imageOf('web'), stage.order]).toEqual([after, []]);
  });
});

describe('the note of what was healthy', () => {
  const fedBy = { namespace: 'test', stream: 'web-stream', tag: 'latest' };
  const local = (image: string) => image.replace(/^[^@]+/, 'image-registry.svc:5000/test/web-stream');
  const noteOf = (stage: Stage, name: string) => stage.workload(name).annotations['delivery.actions/healthy'];
  const runningWith = (stage: Stage, image: string, noted: string, fed: boolean) => {
    for (const name of ['web', 'beat']) {
      const containers = [{ name, image, init: false, ...(fed && { fedBy }) }];
      const annotations = { 'delivery.actions/healthy': JSON.stringify({ [name]: noted }) };
      stage.cluster.putWorkload({ ...stage.workload(name), containers, annotations });
    }
  };

  it('stays as it is where the trigger has written the address of the registry inside the cluster', async () => {
    const { stage, after } = stageWith({ before: 267, after: 268 });
    runningWith(stage, local(after), after, true);
    expect((await stage.run()).outputs).toMatchObject({ verdict: 'unchanged' });
    expect(noteOf(stage, 'web')).toBe(JSON.stringify({ web: after }));
    expect(stage.cluster.calls).toEqual([]);
  });

  it('names the address outside, where it is made anew', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    runningWith(stage, local(after), before, true);
    expect((await stage.run()).outputs).toMatchObject({ verdict: 'unchanged' });
    expect(noteOf(stage, 'web')).toBe(JSON.stringify({ web: after }));
    expect(stage.imageOf('web')).toBe(local(after));
    // What rolls nothing out takes no image.
    expect(stage.cluster.calls.map(({ change }) => change.images)).toEqual([{}, {}]);
  });

  it('is a warning where it cannot be made, whatever the reason', async () => {
    const { stage, before, after } = stageWith({ before: 267, after: 268 });
    runningWith(stage, after, before, false);
    stage.cluster.setImages = () => Promise.reject(new ActionError('container-unknown', 'it has no container web'));
    expect(await stage.run()).toMatchObject({ result: 'success', outputs: { verdict: 'unchanged' } });
    expect(stage.log.of('warning')).toContain(
      'Deployment test/web is healthy, but that could not be noted on it: it has no container web',
    );
  });
});
