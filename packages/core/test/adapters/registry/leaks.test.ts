import { digestOf } from '@delivery/core/domain/digest';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { Registry } from '@delivery/core/ports/registry';
import { artifactFixture, imageFixture } from '@delivery/testing/image-fixture';
import type { RequestHead } from '@delivery/testing/registry-server';
import { RegistryServer } from '@delivery/testing/registry-server';
import { faults } from '@delivery/testing/server-answer';
import { connect, errorOf, never, seed, users } from './setup.ts';

const image = imageFixture();
const config = digestOf(image.blobs[0]!);
const blob = { digest: config, size: image.blobs[0]!.length };
const small = Buffer.from('a small blob');

/** A registry with a login, the registry of the source with another, and a host that is neither. */
async function scene(auth: 'basic' | 'bearer') {
  const server = await RegistryServer.start({ auth, users });
  const sourceUsers = { source: { password: 'of the source', push: false } };
  const source = await RegistryServer.start({ auth, users: sourceUsers });
  const elsewhere = await RegistryServer.start();
  const web = server.repository('org/web');
  for (const one of [server, source, elsewhere]) seed(one, one.repository('org/web'), 'latest', image);
  const credentials = async (repository: Repository) =>
    (await givenLogin({ username: 'ci', password: users.ci.password, from: 'a' }, [server.host])(repository, never)) ??
    givenLogin({ username: 'source', password: 'of the source', from: 'b' }, [source.host])(repository, never);
  const registry = connect({ credentials, access: ({ host }) => (host === server.host ? 'pull,push' : 'pull') });
  return {
    ...{ server, source, elsewhere, web, registry },
    [Symbol.asyncDispose]: async () => {
      for (const one of [server, source, elsewhere]) await one[Symbol.asyncDispose]();
    },
  };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const uses: Record<string, (registry: Registry, all: Scene) => Promise<unknown>> = {
  readManifest: (registry, { web }) => registry.readManifest(web, 'latest', never),
  readBlob: (registry, { web }) => registry.readBlob(web, config, 10_000, never),
  listTags: (registry, { web }) => registry.listTags(web, never),
  listReferrers: (registry, { web }) => registry.listReferrers(web, image.manifest.digest, never),
  writeManifest: (registry, { web }) => registry.writeManifest(web, 'latest-1', image.manifest, never),
  writeReferrer: async (registry, { web }) => {
    const { manifest, blobs } = artifactFixture(image.manifest, {});
    await registry.writeBlob(web, blobs[0]!, never);
    await registry.writeManifest(web, manifest.digest, manifest, never);
  },
  writeBlob: (registry, { web }) => registry.writeBlob(web, small, never),
  mount: (registry, { web, server }) => registry.copyBlob(blob, web, server.repository('org/b'), never),
  copyBlob: (registry, { source, server }) =>
    registry.copyBlob(blob, source.repository('org/web'), server.repository('org/b'), never),
  remove: (registry, { web }) => registry.remove(web, 'latest', never),
};

/** What no other host may see: passwords and tokens, in a header, a path or a body. */
function secretsSeen({ elsewhere }: Scene): unknown[] {
  return elsewhere.requests.flatMap(({ authorization, target }) =>
    authorization !== undefined || /pa:ss|pa%3Ass|of.the.source/.test(target) ? [{ authorization, target }] : [],
  );
}

const withLogin = ({ headers }: RequestHead) => headers.authorization !== undefined;

describe.each(['basic', 'bearer'] as const)('with %s auth', (auth) => {
  test.each(Object.keys(uses))(
    'redirects from 301 to 308 of every request of %s take no secret elsewhere',
    async (use) => {
      for (const status of [301, 302, 303, 307, 308]) {
        for (let index = 0, seen = 0; seen >= index; index++) {
          await using all = await scene(auth);
          const { server, source, elsewhere } = all;
          seen = 0;
          for (const one of [server, source]) {
            const location = `http://${elsewhere.host}/v2/org/web/blobs/${config}`;
            one.faultInstead(faults.redirect(location, status), 1, (request) => withLogin(request) && seen++ === index);
          }
          // Some fail then: it is only for what is seen elsewhere.
          await uses[use]!(all.registry, all).catch(() => undefined);
          expect(secretsSeen(all)).toEqual([]);
          // Whatever sends on, what is written goes to the registry itself only.
          expect(elsewhere.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method))).toEqual([]);
        }
      }
    },
    60_000,
  );

  test('each of two logins goes to its own host', async () => {
    await using all = await scene(auth);
    expect(await uses['copyBlob']!(all.registry, all)).toBe('copied');
    const sent = (server: RegistryServer) =>
      new Set(server.requests.flatMap(({ authorization }) => (authorization === undefined ? [] : [authorization])));
    const [ofTarget, ofSource] = [sent(all.server), sent(all.source)];
    expect(ofTarget.size).toBeGreaterThan(0);
    expect(ofSource.size).toBeGreaterThan(0);
    expect([...ofTarget].filter((secret) => ofSource.has(secret))).toEqual([]);
  });

  test('an upload whose Location is elsewhere goes there without a secret, however it goes on', async () => {
    await using all = await scene(auth);
    const { server, elsewhere, registry } = all;
    const opened = await fetch(`http://${elsewhere.host}/v2/org/b/blobs/uploads/`, { method: 'POST' });
    const location = new URL(opened.headers.get('location')!, `http://${elsewhere.host}`).href;
    server.fault(faults.headers({ location }), 1, ({ method }) => method === 'POST');
    elsewhere.bodyFault({ kind: 'cut', after: 5 }, 1, ({ method }) => method === 'PUT');
    const [source, target] = [all.source.repository('org/web'), server.repository('org/b')];
    expect(await registry.copyBlob(blob, source, target, never)).toBe('copied');
    expect(elsewhere.requests.map(({ method }) => method)).toEqual(['POST', 'PUT', 'GET', 'PATCH', 'PUT']);
    expect(elsewhere.store.blob('org/b', config)).toBeDefined();
    expect(secretsSeen(all)).toEqual([]);
  });

  test.each([
    ['http://storage.test/upload', 'wants the upload sent to storage.test without TLS'],
    ['http://a:b@127.0.0.1/upload', 'an address with a password in it'],
    ['ftp://127.0.0.1/upload', 'no usable address for the upload'],
    ['', 'no usable address for the upload'],
  ])('an upload is not sent to %s', async (location, problem) => {
    await using all = await scene(auth);
    const headers = { status: 202, headers: location === '' ? {} : { location }, body: new Uint8Array() };
    all.server.fault(
      () => headers,
      1,
      (request) => request.method === 'POST' && withLogin(request),
    );
    const error = await errorOf(uses['copyBlob']!(all.registry, all));
    expect(error).toMatchObject({ code: 'registry', retryable: false, message: expect.stringContaining(problem) });
  });

  test('an upload stays with the registry that takes itself for another port of TLS', async () => {
    await using all = await scene(auth);
    // The same host, as a registry behind a proxy says it: path and query count, and the login goes with it.
    const path = (headers: Readonly<Record<string, string>>) =>
      new URL(headers['location'] ?? '', `https://${all.server.host}`).href;
    all.server.fault(
      (answer) => ({ ...answer, headers: { ...answer.headers, location: path(answer.headers) } }),
      1,
      (request) => request.method === 'POST' && withLogin(request),
    );
    expect(await uses['copyBlob']!(all.registry, all)).toBe('copied');
  });
});

test.each(Object.keys(uses))('a realm elsewhere gets no login, whatever is asked for: %s', async (use) => {
  await using all = await scene('bearer');
  const realm = 'https://evil.test/token';
  for (const one of [all.server, all.source])
    one.fault(faults.headers({ 'www-authenticate': `Bearer realm="${realm}"` }), 10);
  expect((await errorOf(uses[use]!(all.registry, all))).message).toContain('evil.test');
  expect(all.server.desk.issued).toEqual([]);
});
