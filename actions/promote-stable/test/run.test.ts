import { digestOf } from '@delivery/core/domain/digest';
import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { FakeGitHub } from '@delivery/testing/fake-github';
import { promoted } from './projects.ts';
import { august, commitOf, imageOf, july, reference, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const writes = () => stage.registry.written.filter((name) => name.startsWith('registry.example.org/prod'));
const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);

describe('a promotion', () => {
  it('makes the very digest stable, and brings it to every project that follows', async () => {
    const { before, after } = await stage.released();
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({
      result: 'success',
      reason: 'web latest-268 as 2026.08.3 is stable (forward): healthy in production, healthy in ric.',
      outputs: { digest: after, 'previous-digest': before, direction: 'forward', version: '2026.08.3' },
    });
    expect(stage.registry.digestOf(promoted, '2026.08.3')).toBe(after);
    expect(stage.stable()).toBe(after);
    expect(
      writes()
        .slice(-3)
        .map((name) => name.split(':').at(-1)),
    ).not.toContain('latest-268');
    for (const project of ['production', 'ric'])
      expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(after)));
    const ledger = await stage.ledger(after);
    expect(ledger.map(({ event }) => event).sort()).toEqual(['promoted', 'tested']);
    expect(ledger.find(({ event }) => event === 'promoted')).toMatchObject({
      ...{ verdict: 'success', version: '2026.08.3', previous: before, by: 'ada', reason: 'the release of August' },
    });
  });

  it('shows the difference before: builds, commits, digest, size, platforms', async () => {
    await stage.released();
    stage.gitHub = new FakeGitHub({ commits: [commitOf(267), 'e'.repeat(40), commitOf(268)] });
    const outcome = await stage.run({ version: august, 'dry-run': true });
    const shown = summaryOf(outcome);
    for (const part of ['latest-267', 'latest-268', '2 more', 'Commit eeeeeee', 'linux/amd64', '2026.08.3', '🟢 test'])
      expect(shown).toContain(part);
  });

  it('needs no GitHub: then the commits are left out', async () => {
    await stage.released();
    stage.gitHub = undefined;
    expect((await stage.run({ version: august })).result).toBe('success');
  });

  it('stops there in a dry run: nothing is written and no cluster is asked', async () => {
    const { before } = await stage.released();
    stage.cluster.fail(new RemoteError('cluster', 'away', { retryable: true }));
    const outcome = await stage.run({ version: august, 'dry-run': true });
    expect(outcome).toMatchObject({ result: 'success', outputs: { version: '2026.08.3', direction: 'forward' } });
    expect(outcome.reason).toMatch(/^Dry run: web latest-268 as 2026\.08\.3 would become stable \(forward\)/);
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);
    expect(stage.stable()).toBe(before);
  });

  it('of what is stable already changes nothing and is green', async () => {
    const { before } = await stage.released();
    const outcome = await stage.run({ build: { kind: 'number', number: 267 }, version: july });
    expect(outcome).toMatchObject({ result: 'success', outputs: { direction: 'same', digest: before } });
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);
    expect((await stage.ledger(before)).filter(({ event }) => event === 'promoted')).toHaveLength(1);
  });

  describe('that is killed at any request', () => {
    /** Runs with a registry that answers nothing from request `at` on; false when the run ended before that. */
    const killedAt = async (at: number, inputs: Parameters<Stage['run']>[0]): Promise<boolean> => {
      let count = 0;
      stage.registry.onCall = () => {
        count += 1;
        if (count >= at) throw new RemoteError('registry', 'killed', { retryable: false });
      };
      await stage.run(inputs).catch(() => undefined);
      stage.registry.onCall = () => undefined;
      return count >= at;
    };

    it('leaves the old stable or the new one, and the next run ends it and knows what was before', async () => {
      let at = 1;
      for (; ; at++) {
        stage = new Stage();
        const { before, after } = await stage.released();
        const wasKilled = await killedAt(at, { version: august });
        expect([before, after]).toContain(stage.stable());
        expect((await stage.run({ version: august })).result).toBe('success');
        expect(stage.stable()).toBe(after);
        const back = await stage.run({ build: { kind: 'previous' }, 'dry-run': true });
        expect(back.outputs).toMatchObject({ direction: 'rollback', digest: before });
        if (!wasKilled) break;
      }
      expect(at).toBeGreaterThan(20);
    }, 30_000);

    it('and fails when it is run again goes back to what was before', async () => {
      for (let at = 1; ; at++) {
        stage = new Stage();
        const { before, after } = await stage.released();
        const wasKilled = await killedAt(at, { version: august });
        stage.broken.add(`production ${after}`);
        if (!wasKilled) break;
        expect((await stage.run({ version: august })).result).toBe('failure');
        expect(stage.stable()).toBe(before);
        for (const project of ['production', 'ric'])
          expect(stage.imagesOf(project)).toEqual(Array(2).fill(reference(before)));
      }
    }, 30_000);
  });

  it('that is cancelled while stable is moved says so, and the next run ends it', async () => {
    const { after } = await stage.released();
    stage.registry.onCall = ({ method, reference: tag }) => {
      if (method === 'writeManifest' && tag === 'stable') stage.cancel.abort(new CancelledError('a test'));
    };
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { digest: after } });
    expect(outcome.reason).toContain('cancelled during the move of stable. stable may have moved');
    stage.registry.onCall = () => undefined;
    stage.cancel = new AbortController();
    expect((await stage.run({ version: august })).result).toBe('success');
  });

  it('for some of the projects is yellow, and names those that were left out', async () => {
    await stage.released();
    const outcome = await stage.run({ version: august, project: ['ric'] });
    expect(outcome).toMatchObject({ result: 'unstable', next: 'Run this again for production.' });
    expect(outcome.reason).toContain('production was left out and follows it as well');
  });

  it('goes on only while that is stable which was shown', async () => {
    const { before, after } = await stage.released();
    expect((await stage.run({ version: august, 'expect-stable': 'none' })).reason).toMatch(
      /is stable now, not nothing/,
    );
    expect((await stage.run({ version: august, 'expect-stable': after })).reason).toMatch(/is stable now, not/);
    expect(stage.stable()).toBe(before);
    expect((await stage.run({ version: august, 'expect-stable': before })).result).toBe('success');
    expect((await stage.run({ version: august, 'expect-stable': before })).result).toBe('success');
  });

  it('does not believe the promotions that the repository of builds tells of', async () => {
    const { before } = await stage.released();
    await stage.record(267, 'promoted', 'success');
    await stage.record(268, 'promoted', 'success');
    await stage.run({ version: august });
    const { outputs } = await stage.run({ build: { kind: 'previous' }, 'dry-run': true });
    expect(outputs.digest).toBe(before);
  });
});

describe('an account that lacks rights', () => {
  it('is told all of them, the backup before included, and nothing is written', async () => {
    stage.isBackedUp = true;
    const { before } = await stage.released();
    const written = writes().length;
    stage.permissions.allowOnly('production', [{ apiGroups: ['apps', ''], resources: ['*'], verbs: ['*'] }]);
    stage.permissions.allowOnly('ric', []);
    await expect(stage.run({ version: august, 'backup-first': 'true' })).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringMatching(
        /namespace production: cronjobs \(batch\) [^:;]+: get; jobs \(batch\): create, .*\nnamespace ric: .*deployments \(apps\) [^:;]+: get, patch; deployments \(apps\): list, watch/,
      ) as string,
    });
    expect([stage.stable(), writes().length, stage.backups()]).toEqual([before, written, []]);
  });
});

describe('a promotion is refused, and nothing is written,', () => {
  const nothingWritten = () =>
    expect(stage.registry.calls.filter(({ method }) => /write|copy|remove/.test(method))).toEqual([]);

  it('of a build that is not there, with those that are', async () => {
    await stage.released();
    const outcome = await stage.run({ build: { kind: 'number', number: 99 }, version: august });
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('no latest-99') as string });
    expect(summaryOf(outcome)).toContain('268');
    nothingWritten();
  });

  it('of a build that never ran in TEST, or failed there last', async () => {
    await stage.released();
    await stage.build(269, 'nothing');
    stage.registry.calls.length = 0;
    expect(await stage.run({ version: august })).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('no record of it') as string,
    });
    nothingWritten();
    await stage.record(269, 'tested', 'failure');
    stage.registry.calls.length = 0;
    expect((await stage.run({ version: august })).reason).toContain('failed when it was last tried');
    nothingWritten();
  });

  it('under a version that names another digest', async () => {
    await stage.released();
    const outcome = await stage.run({ version: july });
    expect(outcome.reason).toContain('Version 2026.07.1 is in use for another digest');
    nothingWritten();
  });

  it('when what is stable now cannot be read, unless it is forced', async () => {
    await stage.released();
    const config = digestOf(imageOf(267).blobs[0]!);
    stage.registry.onCall = ({ method, reference: digest }) => {
      if (method === 'readBlob' && digest === config)
        throw new RemoteError('registry', 'there is no such blob', { status: 404, retryable: false });
    };
    const outcome = await stage.run({ version: august });
    expect(outcome.reason).toContain('cannot be read: there is no such blob');
    nothingWritten();
    expect((await stage.run({ version: august, force: true })).result).toBe('success');
  });

  it('when a project would not take it', async () => {
    const { before } = await stage.released();
    stage.running('ric', reference(before), { paused: true });
    stage.registry.calls.length = 0;
    const outcome = await stage.run({ version: august });
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('paused') as string });
    nothingWritten();
  });

  it('of an image without a promoted repository, or for a project that does not follow stable', async () => {
    await expect(stage.run({ image: 'frozen' })).rejects.toThrow('"frozen" has no field promoted');
    await expect(stage.run({ project: ['test'] })).rejects.toThrow(/"test" has neither workloads nor a job/);
  });
});
