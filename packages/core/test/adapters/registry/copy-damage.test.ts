import type { Fault } from '@delivery/testing/server-answer';
import { faults } from '@delivery/testing/server-answer';
import { blobBytes, CopyScene, download, put } from './copy-scene.ts';
import { errorOf, randomBytes, requestsOf } from './setup.ts';

let scene: CopyScene;
beforeEach(async () => {
  scene = await CopyScene.start();
});
afterEach(async () => scene[Symbol.asyncDispose]());

describe('a blob that is damaged', () => {
  test.each([1, 2])('on its way from the registry %i times is fetched again, and was never stored', async (times) => {
    scene.source.fault(faults.flip, times, download);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(requestsOf(scene.target).filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });

  test.each([1, 2])('on its way to the registry %i times is sent again', async (times) => {
    scene.target.bodyFault({ kind: 'flip' }, times, put);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
  });

  test.each(['from', 'to'])('always, on its way %s the registry, is an error that names it', async (way) => {
    if (way === 'from') scene.source.fault(faults.flip, 100, download);
    else scene.target.bodyFault({ kind: 'flip' }, 100, put);
    const error = await errorOf(scene.copy());
    expect(error).toMatchObject({ code: 'registry', retryable: false });
    expect(error.message).toContain(scene.blob.digest);
    expect(error.message).toMatch(/, 3 times$/);
    expect(scene.isClean).toBe(true);
  });

  test.each([
    ['shorter', 600_001, 'it has 600000 bytes in place of 600001, as its manifest says'],
    ['longer', 599_999, 'it has 600000 bytes in place of 599999, as its manifest says'],
  ])('and %s than its manifest says is not read', async (_name, size, problem) => {
    const error = await errorOf(scene.copy({ ...scene.blob, size }));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining(problem) });
    expect(blobBytes(scene.target, 'received')).toBe(0);
  });
});

describe('a registry that is slow', () => {
  test.each([
    ['stalls while it sends', 'download', faults.stall],
    ['drips while it sends', 'download', faults.drip],
    ['stalls while it answers', 'put', faults.stall],
    ['drips while it answers', 'put', faults.drip],
  ] as const)(
    'and %s is waited for once and given up in the end',
    async (_name, where, fault) => {
      const [server, when] = where === 'download' ? [scene.source, download] : [scene.target, put];
      scene.registry = scene.connect({ requestTimeoutMs: 150 });
      server.faultInstead(fault, 1, when);
      // Small, so that its time is short: 150 ms and 1,000 bytes at 64 KiB/s.
      const small = randomBytes(1_000);
      const tiny = { digest: scene.source.store.putBlob('org/web', small), size: small.length };
      expect(await scene.copy(tiny)).toBe('copied');
      const other = randomBytes(1_001);
      server.faultInstead(fault, 100, when);
      const next = { digest: scene.source.store.putBlob('org/web', other), size: other.length };
      const error = await errorOf(scene.copy(next));
      expect(error).toMatchObject({ code: 'registry', status: undefined, retryable: true });
      expect(error.message).toContain(next.digest);
    },
    20_000,
  );

  test('a body without an end is not read beyond the size of the blob', async () => {
    const endless: Fault = (answer) => ({
      ...answer,
      body: Buffer.concat([scene.bytes, scene.bytes]),
      isChunked: true,
    });
    scene.source.fault(endless, 100, download);
    const error = await errorOf(scene.copy());
    expect(error.message).toContain(`longer than the ${scene.blob.size} bytes`);
    expect(blobBytes(scene.target, 'received')).toBeLessThanOrEqual(scene.blob.size);
    expect(scene.isClean).toBe(true);
  });

  test('a cancel ends it at once', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    for (const [server, when] of [
      [scene.source, download],
      [scene.target, put],
    ] as const) {
      server.fault((answer) => (setTimeout(() => controller.abort(reason), 20), { ...answer, end: 'stall' }), 1, when);
      await expect(scene.copy(scene.blob, controller.signal)).rejects.toBe(reason);
    }
  });
});
