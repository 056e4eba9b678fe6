import type { Fault } from '@delivery/testing/server-answer';
import { faults } from '@delivery/testing/server-answer';
import { blobBytes, CopyScene, download, put, withToken } from './copy-scene.ts';
import { errorOf, requestsOf } from './setup.ts';

let scene: CopyScene;
beforeEach(async () => {
  scene = await CopyScene.start();
});
afterEach(async () => scene[Symbol.asyncDispose]());

/** In place of the scene that is there. */
async function again(can: Parameters<typeof CopyScene.start>[0] = {}): Promise<void> {
  await scene[Symbol.asyncDispose]();
  scene = await CopyScene.start(can);
}

describe('a copy between registries', () => {
  test('takes four requests, and one when the blob is there', async () => {
    expect(await scene.copy()).toBe('copied');
    const asked = [...requestsOf(scene.source), ...requestsOf(scene.target)].filter(
      (request) => !/token|401/.test(request),
    );
    expect(asked.map((request) => request.replace(/\/v2\S+/, ''))).toEqual([
      'GET  200',
      'HEAD  404',
      'POST  202',
      'PUT  201',
    ]);
    expect(blobBytes(scene.source, 'sent')).toBe(scene.blob.size);
    expect(blobBytes(scene.target, 'received')).toBe(scene.blob.size);
    const before = scene.target.requests.length;
    expect(await scene.copy()).toBe('there');
    expect(scene.target.requests).toHaveLength(before + 1);
  });

  const date = { date: 'Tue, 15 Sep 2026 10:00:00 GMT', 'retry-after': 'Tue, 15 Sep 2026 10:00:40 GMT' };
  const passing: readonly [string, Fault, number][] = [
    ['429 with seconds', faults.status(429, { 'retry-after': '12' }), 1],
    ['429 with a date', faults.status(429, date), 1],
    ['503 five times', faults.status(503), 5],
    ['a reset five times', faults.reset, 5],
    ['an answer that is cut', faults.cut, 3],
  ];
  test.each(passing)(
    'passes %s at every request',
    async (name, fault, times) => {
      await scene.copy();
      const counts = [scene.source.requests.length, scene.target.requests.length];
      for (const [side, kind] of [
        [0, 'faultInstead'],
        [1, 'fault'],
        [1, 'faultInstead'],
      ] as const) {
        for (let index = 0; index < counts[side]!; index++) {
          await again();
          const faulty = [scene.source, scene.target][side]!;
          faulty[kind](fault, times, () => faulty.requests.length >= index);
          expect(await scene.copy()).toBe('copied');
          expect(scene.isThere).toBe(true);
          if (name.startsWith('429')) expect(scene.clock.slept).toContain(name.includes('date') ? 40_000 : 12_000);
        }
      }
    },
    60_000,
  );

  test.each([
    ['source', 0],
    ['target', 1],
  ])('passes a 403 once at every request of the %s that has a token', async (_name, side) => {
    for (let index = 0; index < 3; index++) {
      await again();
      const faulty = [scene.source, scene.target][side]!;
      let seen = 0;
      faulty.fault(faults.status(403), 1, (request) => withToken(request) && seen++ === index);
      expect(await scene.copy()).toBe('copied');
      expect(scene.isThere).toBe(true);
    }
  });

  test.each([
    ['source', 0],
    ['target', 1],
  ])('passes a token of the %s that has run out at every request', async (_name, side) => {
    for (let index = 0; index < 3; index++) {
      await again();
      const faulty = [scene.source, scene.target][side]!;
      // All that were given out are refused from the next request on.
      faulty.fault(
        (answer) => (faulty.desk.revokeAll(), answer),
        1,
        () => faulty.requests.length >= 2 + index,
      );
      expect(await scene.copy()).toBe('copied');
      expect(scene.isThere).toBe(true);
    }
  });

  test('passes a token that is denied for the bytes alone, with a fresh one', async () => {
    let denied: string | undefined;
    scene.target.faultInstead(
      faults.status(403),
      10,
      (request) => put(request) && request.headers.authorization === (denied ??= request.headers.authorization),
    );
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
  });

  test('a 403 that stays is said to be one, and leaves no upload open', async () => {
    scene.target.faultInstead(faults.status(403), 100, put);
    expect(await errorOf(scene.copy())).toMatchObject({
      status: 403,
      retryable: false,
      hint: `The login from the inputs may not write to ${scene.target.host}/org/promoted.`,
    });
    expect(scene.target.uploads.size).toBe(0);
  });
});

describe('a download that is cut', () => {
  test('goes on where it was, three times, in the same upload', async () => {
    scene.source.fault(faults.cut, 3, download);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(blobBytes(scene.source, 'sent')).toBeLessThanOrEqual(scene.blob.size * 1.1);
    expect(blobBytes(scene.target, 'received')).toBe(scene.blob.size);
    expect(requestsOf(scene.target).filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });

  test('begins again in the same upload where the registry ignores Range', async () => {
    await again({ range: false });
    scene.source.fault(faults.cut, 3, download);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(blobBytes(scene.target, 'received')).toBe(scene.blob.size);
  });

  test('is given up after six, naming the digest, with no upload left open', async () => {
    scene.source.fault(faults.cut, 100, download);
    const error = await errorOf(scene.copy());
    expect(error).toMatchObject({ code: 'registry', retryable: true });
    expect(error.message).toContain(scene.blob.digest);
    expect(error.message).toMatch(/tried 6 times$/);
    expect(scene.isClean).toBe(true);
  });

  test('that comes from another byte than was asked for is refused', async () => {
    scene.source.fault(faults.cut, 1, download);
    const lie = faults.headers({ 'content-range': `bytes 599999-${scene.blob.size - 1}/${scene.blob.size}` });
    scene.source.fault(lie, 1, ({ headers }) => headers.range !== undefined);
    expect((await errorOf(scene.copy())).message).toContain('comes from byte 599999 in place of byte');
    expect(scene.isClean).toBe(true);
  });
});

describe('an upload that is cut', () => {
  test('goes on where the registry says that it is, three times, and reads nothing twice', async () => {
    let after = 0;
    for (let cuts = 0; cuts < 3; cuts++) {
      scene.target.bodyFault({ kind: 'cut', after: (after += 100_000) }, 1, put);
    }
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(blobBytes(scene.target, 'received')).toBeLessThanOrEqual(scene.blob.size * 1.1);
    expect(blobBytes(scene.source, 'sent')).toBe(scene.blob.size);
  });

  test('begins again where the registry has lost it', async () => {
    await again({ resume: false });
    for (let cuts = 0; cuts < 3; cuts++) scene.target.bodyFault({ kind: 'cut', after: 200_000 }, 1, put);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(blobBytes(scene.source, 'sent')).toBe(scene.blob.size);
  });

  test('is done when the registry has it, whatever became of its answer', async () => {
    scene.target.fault(faults.reset, 1, put);
    expect(await scene.copy()).toBe('copied');
    const asked = requestsOf(scene.target).filter((request) => !/token|401/.test(request));
    expect(asked.slice(-2).map((request) => request.split(' ')[0])).toEqual(['GET', 'HEAD']);
  });

  test.each([
    ['more than was sent', { range: '0-599998' }],
    ['nonsense', { range: 'bytes of all kinds' }],
    ['no place to go on', { location: 'http://storage.test/x' }],
  ])('is not gone on with when the registry says %s', async (_name, headers) => {
    scene.target.bodyFault({ kind: 'cut', after: 50_000 }, 1, put);
    scene.target.fault(
      faults.headers(headers),
      1,
      ({ method, target: path }) => method === 'GET' && path.includes('uploads'),
    );
    const copied = await scene.copy().catch((error: unknown) => (error as Error).message);
    if ('location' in headers) expect(copied).toContain('wants the upload sent to storage.test without TLS');
    else expect([copied, scene.isThere]).toEqual(['copied', true]);
  });

  test.each([200, 202, 204])('is done with a %i when the registry has the blob', async (status) => {
    scene.target.fault((answer) => ({ ...answer, status }), 1, put);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    expect(requestsOf(scene.target).filter((request) => request.startsWith('PUT'))).toHaveLength(1);
  });

  test.each([200, 202, 204])('begins again after a %i when the registry has no such blob', async (status) => {
    scene.target.faultInstead(faults.text(status, ''), 1, put);
    expect(await scene.copy()).toBe('copied');
    expect(scene.isThere).toBe(true);
    await again();
    scene.target.faultInstead(faults.text(status, ''), 100, put);
    const error = await errorOf(scene.copy());
    expect(error).toMatchObject({ code: 'registry', retryable: true });
    expect(error.message).toContain('does not have the blob');
    expect(scene.isClean).toBe(true);
  });

  test('is given up after six, naming the digest', async () => {
    scene.target.bodyFault({ kind: 'cut', after: 1_000 }, 100, put);
    const error = await errorOf(scene.copy());
    expect(error).toMatchObject({ code: 'registry', retryable: true });
    expect(error.message).toContain(scene.blob.digest);
    expect(error.message).toMatch(/tried 6 times$/);
    expect(scene.isClean).toBe(true);
  });
});
