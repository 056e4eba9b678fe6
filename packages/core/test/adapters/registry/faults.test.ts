import { digestOf } from '@delivery/core/domain/digest';
import type { Registry } from '@delivery/core/ports/registry';
import { imageFixture } from '@delivery/testing/image-fixture';
import { RegistryServer } from '@delivery/testing/registry-server';
import type { Fault } from '@delivery/testing/server-answer';
import { faults } from '@delivery/testing/server-answer';
import { connect, errorOf, InstantClock, login, never, requestsOf, seed, users } from './setup.ts';

const image = imageFixture();
const config = digestOf(image.blobs[0]!);
let server: RegistryServer;
let clock: InstantClock;
let registry: Registry;

beforeEach(async () => {
  server = await RegistryServer.start({ auth: 'bearer', users });
  clock = new InstantClock();
  registry = connect({ clock, credentials: login(server, 'ci'), access: 'pull,push' });
  seed(server, web(), 'latest', image);
});
afterEach(async () => server[Symbol.asyncDispose]());

const web = () => server.repository('org/web');
const read = async (reference = 'latest') => (await registry.readManifest(web(), reference, never))?.digest;

const uses: Record<string, () => Promise<unknown>> = {
  readManifest: () => read(),
  readBlob: () => registry.readBlob(web(), config, 10_000, never),
  writeManifest: () => registry.writeManifest(web(), 'latest-1', image.manifest, never),
  listTags: () => registry.listTags(web(), never),
  listReferrers: () => registry.listReferrers(web(), image.manifest.digest, never),
  remove: () => registry.remove(web(), 'no-such-tag', never),
  'copyBlob within the registry': () =>
    registry.copyBlob({ digest: config, size: 1 }, web(), server.repository('org/promoted'), never),
};

describe('what passes is waited for', () => {
  const passing: Record<string, Fault> = {
    '429': faults.status(429),
    '502': faults.status(502),
    '503': faults.text(503, '<html>busy</html>'),
    '504': faults.status(504),
    'a reset': faults.reset,
    'a cut body': faults.cut,
  };
  for (const [name, fault] of Object.entries(passing)) {
    test.each(Object.keys(uses))(`${name}, five times on every request of %s`, async (use) => {
      await uses[use]!();
      const good = requestsOf(server);
      for (let index = 0; index < good.length; index++) {
        registry = connect({ clock, credentials: login(server, 'ci'), access: 'pull,push' });
        const first = server.requests.length;
        server.fault(fault, 5, () => server.requests.length >= first + index);
        await uses[use]!();
        expect(requestsOf(server).length - first).toBe(good.length + 5);
      }
      expect(clock.slept).toHaveLength(5 * good.length);
      expect(clock.slept.slice(0, 5).reduce((sum, ms) => sum + ms)).toBeLessThan(60_000);
    });
  }

  test('longer and longer, with a part of it at random', async () => {
    server.fault(faults.status(503), 5);
    await read();
    clock.slept.forEach((ms, tries) => {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** tries);
      expect(ms).toBeLessThanOrEqual(500 * 2 ** tries);
    });
    expect(clock.slept.every(Number.isInteger)).toBe(false);
  });

  test('six times, and then it is an error', async () => {
    server.fault(faults.status(503), 100);
    const error = await errorOf(read());
    expect(error).toMatchObject({
      code: 'registry',
      status: 503,
      retryable: true,
      message: expect.stringMatching(/answered 503 .*; tried 6 times$/),
    });
    expect(server.requests).toHaveLength(6);
  });

  test('as long as the server asks, in seconds or until a date of its own clock', async () => {
    server.fault(faults.status(429, { 'retry-after': '12' }));
    server.fault(
      faults.status(429, { date: 'Tue, 15 Sep 2026 10:00:00 GMT', 'retry-after': 'Tue, 15 Sep 2026 10:00:40 GMT' }),
    );
    await read();
    expect(clock.slept).toEqual([12_000, 40_000]);
  });

  test('but not for more than five minutes', async () => {
    server.fault(faults.status(429, { 'retry-after': '3600' }));
    expect(await errorOf(read())).toMatchObject({
      status: 429,
      message: expect.stringContaining('come again in 3600 s'),
    });
    expect(server.requests).toHaveLength(1);
  });

  test('not after the run was cancelled', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    server.fault((answer) => (controller.abort(reason), { ...answer, status: 503 }));
    await expect(registry.readManifest(web(), 'latest', controller.signal)).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  test('an answer that does not come, or never ends, is given up', async () => {
    for (const fault of [faults.stall, faults.drip]) {
      registry = connect({ clock, credentials: login(server, 'ci'), requestTimeoutMs: 100 });
      server.fault(fault, 1);
      expect(await read()).toBe(image.manifest.digest);
      server.fault(fault, 6);
      expect(await errorOf(read())).toMatchObject({
        status: undefined,
        retryable: true,
        message: expect.stringContaining('within 0.1 s'),
      });
    }
  });

  test('a connection that nobody takes is named by its code', async () => {
    await using gone = await RegistryServer.start();
    const repository = gone.repository('org/web');
    await gone[Symbol.asyncDispose]();
    const error = await errorOf(registry.listTags(repository, never));
    expect(error).toMatchObject({ status: undefined, retryable: true });
    expect(error.message).toBe(
      `listing the tags of ${repository.host}/org/web failed: the connection to ${repository.host} failed (ECONNREFUSED); tried 6 times`,
    );
  });
});

describe('what came damaged', () => {
  const bodies = ({ target, headers }: { target: string; headers: { authorization?: string | undefined } }) =>
    headers.authorization?.startsWith('Bearer ') === true && /manifests|blobs/.test(target);

  test.each([
    ['a manifest by tag', () => read()],
    ['a manifest by digest', () => read(image.manifest.digest)],
    ['a blob', () => uses['readBlob']!()],
  ])('is read again: %s', async (_name, use) => {
    server.fault(faults.flip, 2, bodies);
    await use();
    server.fault(faults.flip, 3, bodies);
    const error = await errorOf(use());
    expect(error).toMatchObject({ code: 'registry', retryable: false });
    expect(error.message).toMatch(
      new RegExp(`has digest sha256:[0-9a-f]{64} in place of (${image.manifest.digest}|${config}), 3 times`),
    );
  });

  test('is not hidden by the digest that the registry says', async () => {
    const lie = { 'docker-content-digest': image.manifest.digest };
    seed(server, web(), 'other', imageFixture({ layer: 'other' }));
    server.fault(faults.text(200, '{}', { ...lie, 'content-type': image.manifest.mediaType }), 3, bodies);
    expect((await errorOf(read(image.manifest.digest))).message).toContain(image.manifest.digest);
    server.fault(faults.headers(lie), 3, bodies);
    expect((await errorOf(read('other'))).message).toContain('in place of');
  });
});

describe('what is no answer of a registry', () => {
  const afterLogin = ({ headers }: { headers: { authorization?: string | undefined } }) =>
    headers.authorization?.startsWith('Bearer ') === true;

  test('is not taken for "there is none"', async () => {
    for (const use of [read, uses['listTags']!]) {
      server.fault(faults.text(404, '<html>no such route</html>'), 1, afterLogin);
      expect(await errorOf(use())).toMatchObject({ status: 404, hint: `Is ${server.host}/org/web written correctly?` });
    }
  });

  test('is not taken for a manifest', async () => {
    server.fault(faults.text(200, '<html>hello</html>', { 'content-type': 'text/html; charset=utf-8' }), 1, afterLogin);
    expect(await errorOf(read())).toMatchObject({
      message: expect.stringContaining('answered with media type "text/html", which is no manifest'),
    });
  });

  test('is not read beyond its bound', async () => {
    server.fault(faults.text(200, ' '.repeat(4 * 1024 * 1024 + 1)), 1, afterLogin);
    expect(await errorOf(read())).toMatchObject({
      retryable: false,
      message: expect.stringContaining('larger than 4194304 bytes'),
    });
    server.fault(
      faults.text(400, JSON.stringify({ errors: [{ code: 'X', message: 'y'.repeat(100_000) }] })),
      1,
      afterLogin,
    );
    expect((await errorOf(read())).message.length).toBeLessThan(600);
  });

  test('is shown on one line, its first three errors only', async () => {
    const errors = [1, 2, 3, 4].map((code) => ({ code: `E${code}`, message: 'a\u001b[31m\r\n::error::b' }));
    server.fault(faults.text(400, JSON.stringify({ errors })), 1, afterLogin);
    const { message } = await errorOf(read());
    expect(message).toMatch(/answered 400 \(E1: a ::error::b; E2: .*; E3: .*\)$/);
    expect(message).not.toMatch(/[\r\n\u001b]|E4/);
  });
});

describe('redirects', () => {
  const blob = ({ target, headers }: { target: string; headers: { authorization?: string | undefined } }) =>
    headers.authorization !== undefined && target.includes('/blobs/');

  test('of a blob are followed to another host without the token', async () => {
    await using storage = await RegistryServer.start();
    seed(storage, storage.repository('org/web'), 'x', image);
    server.fault(faults.redirect(`http://${storage.host}/v2/org/web/blobs/${config}?signature=x`), 1, blob);
    expect(digestOf(await registry.readBlob(web(), config, 10_000, never))).toBe(config);
    expect(storage.requests).toMatchObject([{ authorization: undefined, status: 200 }]);
  });

  test('of a blob are followed on the same host with the token', async () => {
    server.fault(faults.redirect(`/v2/org/web/blobs/${config}?again`), 1, blob);
    expect(digestOf(await registry.readBlob(web(), config, 10_000, never))).toBe(config);
  });

  test.each([
    ['http://storage.test/x', 'sends on to storage.test without TLS'],
    ['ftp://storage.test/x', 'sends on to no usable address'],
    ['http://a:b@127.0.0.1/x', 'an address with a password in it'],
  ])('of a blob to %s are refused', async (location, problem) => {
    server.fault(faults.redirect(location), 1, blob);
    expect((await errorOf(uses['readBlob']!())).message).toContain(problem);
  });

  test('of a blob without an end are refused', async () => {
    server.fault((_answer, { target }) => faults.redirect(`${target}x`)(_answer, undefined as never), 100, blob);
    expect((await errorOf(uses['readBlob']!())).message).toContain('sends on more than 5 times');
  });

  test.each(['readManifest', 'writeManifest', 'listTags'])('of %s are not followed', async (use) => {
    await using other = await RegistryServer.start();
    server.fault(faults.redirect(`http://${other.host}/v2/`), 1, ({ target }) => target.startsWith('/v2/'));
    const error = await errorOf(uses[use]!());
    expect(error).toMatchObject({
      status: 307,
      retryable: false,
      hint: `${server.host} sends on to ${other.host}: name the registry by its own host.`,
    });
    expect(other.requests).toHaveLength(0);
  });
});

test('a write to a repository that is not there says what may be the reason', async () => {
  server.fault(
    faults.text(404, '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}'),
    1,
    ({ method }) => method === 'PUT',
  );
  const error = await errorOf(uses['writeManifest']!());
  expect(error).toMatchObject({ status: 404, hint: expect.stringContaining('may have to be created first') });
  expect(error.message).toContain('NAME_UNKNOWN: no such repository');
});
