import { digestOf } from '@delivery/core/domain/digest';
import { release } from '@delivery/core/adapters/registry/garbage';
import { Replay } from '@delivery/core/adapters/registry/replay';
import { imageFixture } from '@delivery/testing/image-fixture';
import { randomOf } from '@delivery/testing/random';
import { RegistryServer } from '@delivery/testing/registry-server';
import { errorAnswer, faults } from '@delivery/testing/server-answer';
import { connect, errorOf, InstantClock, login, never, requestsOf, seed, users } from './setup.ts';

const image = imageFixture();
const empty = Buffer.from('{}');
const methods = (server: RegistryServer) =>
  requestsOf(server).map((request) => request.replace(/ \/token/, ' token').replace(/ \/\S*/, ''));

describe('a small blob', () => {
  test('takes three requests to write, one when it is there, none when it was seen to be', async () => {
    await using server = await RegistryServer.start();
    const [web, loader] = [server.repository('org/web'), server.repository('org/loader')];
    const registry = connect();
    await registry.writeBlob(web, empty, never);
    expect(methods(server)).toEqual(['HEAD 404', 'POST 202', 'PUT 201']);
    await registry.writeBlob(web, empty, never);
    expect(server.requests).toHaveLength(3);
    await connect().writeBlob(web, empty, never);
    expect(methods(server).slice(3)).toEqual(['HEAD 200']);
    await registry.writeBlob(loader, empty, never);
    expect(server.requests).toHaveLength(7);
  });

  test.each([
    ['503 five times', faults.status(503), 5],
    ['a reset five times', faults.reset, 5],
    ['429', faults.status(429, { 'retry-after': '12' }), 1],
  ] as const)('passes %s at every request, done or not', async (_name, fault, times) => {
    for (const kind of ['fault', 'faultInstead'] as const) {
      for (let index = 0; index < 5; index++) {
        await using server = await RegistryServer.start({ auth: 'bearer', users });
        server[kind](fault, times, () => server.requests.length >= index);
        const clock = new InstantClock();
        const registry = connect({ clock, credentials: login(server, 'ci') });
        expect(await registry.writeBlob(server.repository('org/web'), empty, never)).toBe(digestOf(empty));
        expect(server.store.blob('org/web', digestOf(empty))).toEqual(empty);
        expect(clock.slept.length).toBeGreaterThanOrEqual(times);
      }
    }
  });

  test('that comes damaged is sent again, three times', async () => {
    await using server = await RegistryServer.start();
    server.bodyFault({ kind: 'flip' }, 2, ({ method }) => method === 'PUT');
    await connect().writeBlob(server.repository('org/web'), empty, never);
    server.bodyFault({ kind: 'flip' }, 3, ({ method }) => method === 'PUT');
    const error = await errorOf(connect().writeBlob(server.repository('org/loader'), empty, never));
    expect(error).toMatchObject({ code: 'registry', retryable: false });
    expect(error.message).toMatch(/does not have digest sha256:\w+, 3 times$/);
  });

  test('is not sent when its writer has no right to', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const registry = connect({ credentials: login(server, 'reader') });
    const error = await errorOf(registry.writeBlob(server.repository('org/web'), empty, never));
    expect(error).toMatchObject({
      status: 403,
      hint: `The login from the inputs may not write to ${server.host}/org/web.`,
    });
  });
});

describe('a mount', () => {
  const bytes = Buffer.from('a layer');
  const blob = { digest: digestOf(bytes), size: bytes.length };

  test('takes one request, with a token for both repositories', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    server.store.putBlob('org/web', bytes);
    const [web, promoted] = [server.repository('org/web'), server.repository('org/promoted')];
    const registry = connect({ credentials: login(server, 'ci'), access: 'pull,push' });
    expect(await registry.copyBlob(blob, web, promoted, never)).toBe('mounted');
    expect(methods(server)).toEqual(['POST 401', 'GET token 200', 'POST 201']);
    expect(server.desk.issued).toEqual(['repository:org/promoted:pull,push repository:org/web:pull']);
    await registry.copyBlob(blob, web, promoted, never);
    await registry.listTags(promoted, never);
    expect(server.desk.issued).toHaveLength(1);
  });

  test('of many blobs at once gets one token', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const layers = Array.from({ length: 10 }, (_none, at) => Buffer.from(`layer ${at}`));
    const blobs = layers.map((layer) => ({ digest: server.store.putBlob('org/web', layer), size: layer.length }));
    const [web, promoted] = [server.repository('org/web'), server.repository('org/promoted')];
    const registry = connect({ credentials: login(server, 'ci') });
    await Promise.all(blobs.map((one) => registry.copyBlob(one, web, promoted, never)));
    expect(server.desk.issued).toHaveLength(1);
  });

  test('that is not done goes on in the upload that was opened in place of it', async () => {
    await using server = await RegistryServer.start({ can: { mount: false } });
    server.store.putBlob('org/web', bytes);
    const copied = await connect().copyBlob(blob, server.repository('org/web'), server.repository('org/b'), never);
    expect(copied).toBe('copied');
    expect(methods(server)).toEqual(['POST 202', 'GET 200', 'PUT 201']);
    expect([server.store.blob('org/b', blob.digest), server.uploads.size]).toEqual([bytes, 0]);
  });

  test('of a blob that is nowhere gives up the upload', async () => {
    await using server = await RegistryServer.start();
    const error = await errorOf(
      connect().copyBlob(blob, server.repository('org/web'), server.repository('org/b'), never),
    );
    expect(error).toMatchObject({ status: 404, retryable: false, message: expect.stringContaining(blob.digest) });
    expect(server.uploads.size).toBe(0);
  });

  test('is not possible without the right to read the source', async () => {
    await using server = await RegistryServer.start({ auth: 'basic', users });
    const registry = connect({ credentials: login(server, 'reader') });
    const error = await errorOf(
      registry.copyBlob(blob, server.repository('org/web'), server.repository('org/b'), never),
    );
    expect(error).toMatchObject({ status: 403, hint: expect.stringContaining('may not write to') });
  });
});

describe('deletion', () => {
  test('asks for a token that may delete', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const web = server.repository('org/web');
    seed(server, web, 'latest', image);
    const registry = connect({ credentials: login(server, 'ci'), access: 'pull,delete' });
    await registry.readManifest(web, 'latest', never);
    expect(await registry.remove(web, 'latest', never)).toBe('removed');
    expect(server.desk.issued).toEqual(['repository:org/web:pull,delete']);
    const reader = connect({ credentials: login(server, 'reader') });
    expect(await errorOf(reader.remove(web, image.manifest.digest, never))).toMatchObject({
      status: 403,
      hint: `The login from the inputs may not delete from ${server.host}/org/web.`,
    });
  });

  test.each([
    ['405', errorAnswer(405, 'UNSUPPORTED', 'x'), 'unsupported'],
    ['400 of distribution 2.8', errorAnswer(400, 'DIGEST_INVALID', 'x'), 'unsupported'],
    ['404 that says UNSUPPORTED', errorAnswer(404, 'UNSUPPORTED', 'x'), 'unsupported'],
    ['404', errorAnswer(404, 'MANIFEST_UNKNOWN', 'x'), 'absent'],
    ['200', { status: 200, headers: {}, body: new Uint8Array() }, 'removed'],
  ])('answered with %s is told apart', async (_name, answer, expected) => {
    await using server = await RegistryServer.start();
    server.fault(() => answer);
    expect(await connect().remove(server.repository('org/web'), 'latest', never)).toBe(expected);
  });

  test.each([
    ['a page of a proxy', faults.text(404, '<html>')],
    ['a redirect', faults.redirect('http://127.0.0.1:1/')],
    ['409', faults.status(409)],
  ])('answered with %s is an error', async (_name, fault) => {
    await using server = await RegistryServer.start();
    server.fault(fault);
    expect(await errorOf(connect().remove(server.repository('org/web'), 'latest', never))).toMatchObject({
      code: 'registry',
      retryable: false,
    });
  });
});

test('a manifest whose blob is not seen yet is written a second later', async () => {
  await using server = await RegistryServer.start();
  const web = server.repository('org/web');
  seed(server, web, 'latest', image);
  const clock = new InstantClock();
  const registry = connect({ clock });
  server.faultInstead(() => errorAnswer(400, 'MANIFEST_BLOB_UNKNOWN', 'x'));
  await registry.writeManifest(web, 'latest-1', image.manifest, never);
  expect(clock.slept).toEqual([1_000]);
  server.faultInstead(() => errorAnswer(400, 'MANIFEST_BLOB_UNKNOWN', 'x'), 2);
  expect(await errorOf(registry.writeManifest(web, 'latest-2', image.manifest, never))).toMatchObject({ status: 400 });
});

test('the last bytes of any stream are kept, and no others', () => {
  const random = randomOf(7);
  for (let round = 0; round < 30; round++) {
    const capacity = Math.floor(random() * 40);
    const replay = new Replay(capacity);
    const all: number[] = [];
    for (let piece = 0; piece < 10; piece++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => random() * 256);
      replay.add(bytes);
      all.push(...bytes);
      for (let offset = 0; offset <= all.length; offset++) {
        expect(replay.has(offset)).toBe(offset < all.length && offset >= all.length - capacity);
        if (!replay.has(offset)) continue;
        const kept = [...replay.from(offset)];
        expect(kept.length).toBeGreaterThan(0);
        expect(kept).toEqual(all.slice(offset, offset + kept.length));
      }
    }
  }
});

test('memory is given back of pieces that share it with no other', () => {
  const whole = Uint8Array.from({ length: 100 }, () => 7);
  const shared = new Uint8Array(100).fill(7);
  release(shared.subarray(0, 50));
  expect([...shared]).toEqual([...whole]);
  release(whole);
  expect(whole.length).toBe(0);
  // Enough for the collector to be called.
  release(new Uint8Array(9 * 1024 * 1024));
});
