import type { Digest } from '@delivery/core/domain/digest';
import { RemoteError } from '@delivery/core/errors/errors';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import type { Outcome } from '@delivery/core/action/outcome';
import type { Output } from '../src/inputs.ts';
import { entries, numbers, promoted, reasons, repository, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const lost = new RemoteError('registry', 'the connection was lost', { retryable: true });
const reads = /^(?:readManifest|readBlob|listTags|listReferrers)$/;

/** Two builds that stay and two that go, one of each with platforms, signatures and records; one of them was promoted. */
async function fill(): Promise<{ stays: readonly Digest[]; goes: readonly Digest[] }> {
  const stays = [stage.build(1, 9), ...(await stage.whole(2))];
  const goes = [stage.build(3, 9), ...(await stage.whole(4))];
  await stage.promote('latest-1', '2026.08.1', 9);
  const whole = (await stage.registry.readManifest(repository, 'latest-2', new AbortController().signal))!;
  await stage.put('keep', whole);
  return { stays, goes };
}

const outcomeOf = (run: Promise<Outcome<Output>>) => run.catch((error: unknown) => error as Error);

describe('what cannot be read keeps everything', () => {
  it('whichever request of the registry fails', async () => {
    await fill();
    await stage.run({ 'dry-run': true });
    const count = stage.registry.calls.length;
    expect(count).toBeGreaterThan(30);
    for (let at = 1; at <= count; at += 1) {
      stage = new Stage();
      await fill();
      const before = await stage.tags();
      let seen = 0;
      stage.registry.onCall = () => {
        seen += 1;
        if (seen === at) throw lost;
      };
      const error = await outcomeOf(stage.run());
      expect(error).toMatchObject({
        code: 'unread',
        message: expect.stringContaining('Nothing was deleted: image web'),
      });
      expect(stage.removed).toEqual([]);
      stage.registry.onCall = () => undefined;
      expect(await stage.tags()).toEqual(before);
    }
  }, 60_000);

  it.each(['dev', 'prod'])('when the namespace %s cannot be read', async (namespace) => {
    await fill();
    stage.jobs.fail(new RemoteError('cluster', 'forbidden', { status: 403, retryable: false }), namespace);
    const name = namespace === 'dev' ? 'test' : 'production';
    await expect(stage.run()).rejects.toMatchObject({
      code: 'unread',
      message: `Nothing was deleted: project ${name} cannot be read: forbidden`,
    });
    expect(stage.removed).toEqual([]);
  });

  it('when a cluster does not answer', async () => {
    await fill();
    stage.jobs.list = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    await expect(stage.runOn()).rejects.toMatchObject({
      code: 'unread',
      message: expect.stringContaining('project test'),
    });
    expect(stage.removed).toEqual([]);
  });

  it('when reading takes longer than the time that is given', async () => {
    await fill();
    stage.registry.onCall = ({ method }) =>
      method === 'listReferrers' ? stage.clock.sleep(60_000, stage.cancel.signal) : undefined;
    await expect(stage.runOn({ timeout: 30_000 })).rejects.toMatchObject({ code: 'unread' });
    expect(stage.removed).toEqual([]);
  });

  it('when the tag of the journal is something else', async () => {
    await fill();
    stage.registry.seedImage(repository, 'prune-journal', imageFixture({ layer: 'somebody' }));
    await expect(stage.run()).rejects.toMatchObject({
      message: expect.stringContaining('is no journal of this action'),
    });
    expect(stage.removed).toEqual([]);
  });
});

describe('an account that lacks rights', () => {
  it('is told all of them, and nothing is deleted', async () => {
    await fill();
    stage.permissions.allowOnly('prod', [{ apiGroups: ['apps', ''], resources: ['*'], verbs: ['list'] }]);
    await expect(stage.run()).rejects.toMatchObject({
      code: 'rights-missing',
      message: expect.stringContaining('namespace prod: jobs (batch): list') as string,
    });
    expect(stage.removed).toEqual([]);
  });
});

describe('between reading and deleting', () => {
  /** Happens once the tags of a repository are listed for the second time. */
  function meanwhile(happen: () => Promise<void> | void, where = repository): void {
    let lists = 0;
    stage.registry.onCall = async (call) => {
      if (call.method !== 'listTags' || call.repository !== `${where.host}/${where.path}`) return;
      lists += 1;
      if (lists === 2) await happen();
    };
  }
  const manifestOf = async (tag: string) =>
    (await stage.registry.readManifest(repository, tag, new AbortController().signal))!;

  it('a new tag keeps the build that it names', async () => {
    await fill();
    const manifest = await manifestOf('latest-3');
    meanwhile(() => stage.put('hotfix', manifest));
    const outcome = await stage.run();
    expect(reasons(outcome)).toMatchObject({
      3: 'is what the tag hotfix has come to, or gone from, while this run was reading',
    });
    expect(numbers(outcome, 'deleted')).toEqual([4]);
  });

  it('a rollback of stable to a build keeps it', async () => {
    await fill();
    meanwhile(async () => void (await stage.promote('latest-3', '2026.08.1', 0, ['stable'])), promoted);
    const outcome = await stage.run();
    expect(numbers(outcome, 'deleted')).toEqual([4]);
    expect(reasons(outcome)).toMatchObject({ 3: 'is stable' });
  });

  it('a new index keeps the build that it lists, and the build of today stays', async () => {
    await fill();
    const child = await manifestOf('latest-3');
    meanwhile(async () => {
      stage.build(5, 0);
      await stage.put('both', indexFixture([child]));
    });
    const outcome = await stage.run();
    expect(numbers(outcome, 'deleted')).toEqual([4]);
    expect(entries(outcome, 'kept').find(({ build }) => build === 3)).toMatchObject({ reason: 'child' });
    expect(entries(outcome, 'kept').find(({ build }) => build === 5)).toMatchObject({ reason: 'changed' });
  });

  it('a tag that somebody moved is left alone, with both builds', async () => {
    await fill();
    const other = await manifestOf('latest-4');
    meanwhile(() => stage.put('latest-3', other));
    const outcome = await stage.run();
    expect(outcome.outputs['deleted']).toEqual([]);
    expect(stage.removed).toEqual([]);
  });
});

describe('a run that was killed', () => {
  it('at any request leaves nothing broken, and the next one ends where it would have', async () => {
    await fill();
    await stage.run();
    const whole = stage.registry.calls.length;
    const first = stage.registry.calls.findIndex(({ method }) => !reads.test(method));
    const [tagsAtEnd] = [await stage.tags()];
    expect(whole - first).toBeGreaterThan(20);
    for (let at = first + 1; at <= whole; at += 1) {
      stage = new Stage();
      const { stays, goes } = await fill();
      let seen = 0;
      // Killed: nothing that comes afterwards is carried out either.
      stage.registry.onCall = () => {
        seen += 1;
        if (seen >= at) throw new Error('killed');
      };
      await expect(stage.run()).rejects.toThrow('killed');
      stage.registry.onCall = () => undefined;
      for (const tag of await stage.tags()) if (/^latest|^keep/.test(tag)) await expectWhole(tag);
      expect((await stage.run()).result).toBe('success');
      expect([at, ...(await stage.tags())]).toEqual([at, ...tagsAtEnd]);
      for (const digest of goes) expect([at, digest, await stage.has(digest)]).toEqual([at, digest, false]);
      for (const digest of stays) expect([at, digest, await stage.has(digest)]).toEqual([at, digest, true]);
    }
  }, 60_000);

  async function expectWhole(tag: string): Promise<void> {
    const manifest = (await stage.registry.readManifest(repository, tag, new AbortController().signal))!;
    const { manifests = [] } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as {
      manifests?: { digest: Digest }[];
    };
    for (const { digest } of manifests) expect([tag, await stage.has(digest)]).toEqual([tag, true]);
  }
});

describe('a registry that', () => {
  const use = async (registry: FakeRegistry) => {
    stage.registry = registry;
    return fill();
  };

  it('deletes no tags alone loses them with their manifests', async () => {
    const { goes } = await use(new FakeRegistry());
    stage.registry.deletesTags = false;
    const outcome = await stage.run();
    expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['success', [3, 4]]);
    for (const digest of goes) expect(await stage.has(digest)).toBe(false);
    expect(await stage.tags()).not.toContain('prune-journal');
  });

  it('deletes nothing is left as it is, and the run is unstable', async () => {
    await use(
      new (class extends FakeRegistry {
        override async remove(...call: Parameters<FakeRegistry['remove']>) {
          await this.onCall({ method: 'remove', repository: '', reference: call[1] });
          return 'unsupported' as const;
        }
      })(),
    );
    const before = await stage.tags();
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('was refused') });
    expect(numbers(outcome, 'deleted')).toEqual([]);
    expect(entries(outcome, 'kept').find(({ build }) => build === 3)).toMatchObject({ reason: 'refused' });
    expect(await stage.tags()).toEqual(before);
  });

  it('takes away tags alone does so, and the run is unstable', async () => {
    await use(
      new (class extends FakeRegistry {
        override remove(...call: Parameters<FakeRegistry['remove']>) {
          return call[1].startsWith('sha256:') ? Promise.resolve('unsupported' as const) : super.remove(...call);
        }
      })(),
    );
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('keeps what they named') });
    expect((await stage.tags()).filter((tag) => /^(?:latest-[34]|prune)/.test(tag))).toEqual([]);
  });

  it('refuses one manifest keeps all that it needs', async () => {
    const refused = new Set<string>();
    const { goes } = await use(
      new (class extends FakeRegistry {
        override remove(...call: Parameters<FakeRegistry['remove']>) {
          return refused.has(call[1]) ? Promise.resolve('unsupported' as const) : super.remove(...call);
        }
      })(),
    );
    refused.add(goes[1]!);
    stage.registry.deletesTags = false;
    const outcome = await stage.run();
    expect([outcome.result, numbers(outcome, 'deleted')]).toEqual(['unstable', [3]]);
    for (const digest of goes.slice(1)) expect(await stage.has(digest)).toBe(true);
  });

  it('fails in the middle fails the run, which says what is gone and what is left', async () => {
    await fill();
    let removals = 0;
    stage.registry.onCall = ({ method }) => {
      if (method === 'remove' && ++removals === 5)
        throw new RemoteError('registry', 'denied', { status: 403, retryable: false });
    };
    const outcome = await stage.run();
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: expect.stringMatching(/web: 1 of 4 builds deleted, \d+ manifests are left: denied/),
    });
    stage.registry.onCall = () => undefined;
    expect(numbers(await stage.run(), 'deleted')).toEqual([]);
    expect(await stage.tags()).not.toContain('prune-journal');
  });

  it('is slow is not waited for longer than the time that is given; the next run goes on', async () => {
    const { goes } = await fill();
    stage.registry.onCall = ({ method }) =>
      method === 'remove' ? stage.clock.sleep(20_000, stage.cancel.signal) : undefined;
    const { outcome } = await stage.runOn({ timeout: 90_000 });
    expect(outcome).toMatchObject({ result: 'unstable', reason: expect.stringContaining('the time is over') });
    stage.registry.onCall = () => undefined;
    expect((await stage.run()).result).toBe('success');
    for (const digest of goes) expect(await stage.has(digest)).toBe(false);
  });
});
