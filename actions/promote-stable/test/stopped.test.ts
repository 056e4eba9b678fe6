import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { backupFileAt, backupMadeAt } from '@delivery/testing/backup-made';
import { promoted } from './projects.ts';
import { august, imageOf, july, reference, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('an error while stable is being moved', () => {
  const down = new RemoteError('registry', 'GET manifests/stable answered 503', { status: 503, retryable: true });
  const asked = { version: august, 'backup-first': 'true' } as const;
  let file = '';

  beforeEach(() => {
    stage.isBackedUp = true;
    stage.backs = () => {
      file = backupFileAt(stage.clock.now());
      return backupMadeAt(stage.clock.now());
    };
  });

  /** What is told of any: the backup that was made, and that no project was touched. */
  const toldOf = async (code: string) => {
    const { before, after } = await stage.released();
    const outcome = await stage.run(asked);
    expect(outcome).toMatchObject({
      result: 'failure',
      outputs: { image: 'web', digest: after, 'previous-digest': before, projects: {}, backups: { production: file } },
      next: expect.stringContaining('What follows stable was not touched.') as string,
    });
    for (const part of [`production was backed up as ${file}.`, `Code ${code}: docs/troubleshooting.md`])
      expect(summaryOf(outcome)).toContain(part);
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(before)));
    return { outcome, after };
  };

  it('leaves open whether it has moved when it cannot be read back, and names the backups', async () => {
    let isWritten = false;
    stage.registry.onCall = ({ method, reference: tag }) => {
      if (tag === 'stable' && method === 'readManifest' && isWritten) throw down;
      if (tag === 'stable' && method === 'writeManifest') isWritten = file !== '';
    };
    const { outcome, after } = await toldOf('registry');
    expect(stage.stable()).toBe(after);
    expect(outcome.reason).toBe(
      'web latest-268 as 2026.08.3: GET manifests/stable answered 503. stable may have moved: list-builds shows what it names.',
    );
    stage.registry.onCall = () => undefined;
    expect((await stage.run({ version: august })).result).toBe('success');
  });

  it('is somebody else who moves it: says so, and which two there are', async () => {
    let other: string | undefined;
    stage.registry.onCall = ({ method, reference: tag }) => {
      if (tag === '2026.08.3' && method === 'writeManifest')
        other = stage.registry.seedImage(promoted, 'stable', imageOf(250));
    };
    const { outcome } = await toldOf('race-lost');
    expect(stage.stable()).toBe(other);
    expect(outcome.reason).toContain(`but names ${other} by now and is left so. stable may have moved`);
    expect(outcome.next).toContain('Somebody else has moved it at the same time.');
  });

  it('says that it has not moved when that had not begun', async () => {
    stage.registry.onCall = ({ method, reference: tag }) => {
      if (tag === '2026.08.3' && method === 'writeManifest') throw down;
    };
    const { outcome } = await toldOf('registry');
    expect(outcome.reason).toContain('503. stable was not moved.');
  });
});

describe('a cancel while stable goes back', () => {
  /** Production refuses the new build: the second of its workloads, or all. */
  const refuses = (workloads: readonly string[]) => {
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    let refusals = workloads.length;
    stage.cluster.setImages = async (workload, change, options, signal) => {
      const isMeant = workload.namespace === 'production' && workloads.includes(workload.name) && !options.dryRun;
      if (!isMeant || refusals-- <= 0) return setImages(workload, change, options, signal);
      throw new RemoteError('cluster', 'the API server refused', { status: 403, retryable: false });
    };
  };
  const cancelledAfterAMinute = async () => {
    const running = stage.start({ version: august });
    await stage.clock.advance(60_000);
    stage.cancel.abort(new CancelledError('a test'));
    const outcome = await stage.clock.passUntil(running, 60_000);
    stage.cancel = new AbortController();
    stage.broken.clear();
    return outcome;
  };

  it('names the projects that go on rolling out what failed elsewhere, and how they come back', async () => {
    const { before, after } = await stage.released();
    refuses(['beat']);
    stage.broken.add(`ric ${after}`);
    const outcome = await cancelledAfterAMinute();
    expect(outcome.outputs).toMatchObject({
      projects: { production: { verdict: 'rolled-back' }, ric: { verdict: 'cancelled' } },
    });
    expect(stage.stable()).toBe(before);
    expect(outcome.reason).toContain(
      'stable is latest-267 again. The database does not roll back with the image. ric was cancelled on the way and may run latest-268.',
    );
    expect(outcome.next).toContain('Promote latest-267 for ric, so that it runs what is stable.');
    expect(outcome.next).not.toContain('see it through');
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(after)));
    await stage.run({ build: { kind: 'number', number: 267 }, project: ['ric'] });
    expect(stage.imagesOf('ric')).toEqual(Array(2).fill(reference(before)));
  });

  it('takes a project for failed that had failed before the cancel', async () => {
    const { before, after } = await stage.released();
    stage.broken.add(`production ${after}`);
    const setImages = stage.cluster.setImages.bind(stage.cluster);
    stage.cluster.setImages = async (workload, change, options, signal) => {
      const isBack = Object.values(change.images).includes(reference(before)) && workload.namespace === 'production';
      if (isBack) stage.cancel.abort(new CancelledError('a test'));
      signal.throwIfAborted();
      return setImages(workload, change, options, signal);
    };
    const outcome = await stage.run({ version: august });
    expect(outcome.outputs).toMatchObject({ projects: { production: { verdict: 'cancelled' } } });
    expect(outcome.reason).toContain('stable is latest-267 again');
    expect(outcome.reason).toContain('production, ric was cancelled on the way and may run latest-268.');
    expect(stage.stable()).toBe(before);
  });

  it('says of those that were on their way back the same', async () => {
    const { before } = await stage.released();
    refuses(['web']);
    stage.broken.add(`production ${before}`);
    stage.running('production', reference(imageOf(250).manifest.digest));
    const outcome = await cancelledAfterAMinute();
    expect(outcome.reason).toContain(
      'stable is latest-267 again; ric too: healthy. The database does not roll back with the image. production was cancelled on the way and may run latest-268.',
    );
  });

  it('asks to look first where the database may have been migrated by then', async () => {
    await stage.build(267, 'tested', { 'schema.version': '6' });
    for (const namespace of ['production', 'ric']) stage.running(namespace, reference(imageOf(250).manifest.digest));
    await stage.run({ version: july });
    const after = await stage.build(268, 'tested', { 'schema.version': '7' });
    refuses(['beat']);
    stage.broken.add(`ric ${after}`);
    const outcome = await cancelledAfterAMinute();
    expect(outcome.next).toContain('Look first whether the database of ric was migrated to schema 7 by then.');
  });
});

describe('a way back by the tags of image streams', () => {
  it('leaves a tag at what is stable again when its trigger is slow: what was before is what failed', async () => {
    const { before, after } = await stage.released();
    for (const workload of stage.cluster.view('ric').workloads) {
      const fedBy = { namespace: 'ric', stream: 'web-stream', tag: 'latest' };
      const containers = workload.containers.map((container) => ({ ...container, fedBy }));
      stage.cluster.putWorkload({ ...workload, containers });
    }
    stage.cluster.isSilent = ({ namespace }) =>
      namespace === 'ric' && stage.imagesOf('ric').every((image) => image === reference(after));
    stage.broken.add(`production ${after}`);
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain('stable is latest-267 again; ric too: broken-off.');
    expect(stage.cluster.tags.get('ric/web-stream:latest')).toBe(reference(before));
    expect(summaryOf(outcome)).toContain('ric/web-stream:latest stays set to');
  });
});
