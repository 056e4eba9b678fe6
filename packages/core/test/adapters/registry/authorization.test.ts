import { imageFixture } from '@delivery/testing/image-fixture';
import { RegistryServer } from '@delivery/testing/registry-server';
import { faults, jsonAnswer } from '@delivery/testing/server-answer';
import { connect, errorOf, InstantClock, login, never, requestsOf, seed, users } from './setup.ts';

const image = imageFixture();

describe('requests', () => {
  test.each([
    ['anonymous', undefined, ['GET 200', 'PUT 201']],
    ['with basic auth', 'basic', ['GET 401', 'GET 200', 'PUT 201']],
    ['with a token', 'bearer', ['GET 401', 'token 200', 'GET 200', 'PUT 201']],
  ] as const)('reading a manifest and tagging it again takes, %s', async (_name, auth, expected) => {
    await using server = await RegistryServer.start(auth ? { auth, users } : {});
    const web = server.repository('org/web');
    seed(server, web, 'latest-1', image);
    const registry = connect({ credentials: login(server, 'ci'), access: 'pull,push' });
    const manifest = (await registry.readManifest(web, 'latest-1', never))!;
    await registry.writeManifest(web, 'latest', manifest, never);
    expect(
      requestsOf(server).map((request) =>
        request.replace(/(\w+) (\S+) /, (_all, method: string, path: string) =>
          path === '/token' ? 'token ' : `${method} `,
        ),
      ),
    ).toEqual(expected);
    expect(server.store.manifest('org/web', 'latest')?.digest).toBe(manifest.digest);
  });
});

describe('tokens', () => {
  test('are asked for by repository and scope, and used again until they run out', async () => {
    const clock = new InstantClock();
    await using server = await RegistryServer.start({ auth: 'bearer', users, tokenLifetimeS: 300 });
    const [web, loader] = [server.repository('org/web'), server.repository('org/loader')];
    for (const repository of [web, loader]) seed(server, repository, 'latest', image);
    const registry = connect({ clock, credentials: login(server, 'ci') });
    await registry.readManifest(web, 'latest', never);
    await registry.listTags(web, never);
    await registry.readManifest(loader, 'latest', never);
    await registry.writeManifest(web, 'latest-1', image.manifest, never);
    await registry.readManifest(web, 'latest', never);
    expect(server.desk.issued).toEqual([
      'repository:org/web:pull',
      'repository:org/loader:pull',
      'repository:org/web:pull,push',
    ]);
    clock.pass(271_000);
    await registry.readManifest(web, 'latest', never);
    expect(server.desk.issued).toHaveLength(4);
    expect(requestsOf(server).filter((request) => request.endsWith('401'))).toHaveLength(1);
  });

  test('that say no lifetime are good for less than 60 seconds', async () => {
    const clock = new InstantClock();
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const registry = connect({ clock, credentials: login(server, 'ci') });
    for (const pause of [0, 50_000, 50_000]) {
      clock.pass(pause);
      await registry.listTags(server.repository('org/web'), never);
    }
    expect(server.desk.issued).toHaveLength(2);
  });

  test('that are refused are replaced once', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users, tokenLifetimeS: 300 });
    const web = server.repository('org/web');
    seed(server, web, 'latest', image);
    const registry = connect({ credentials: login(server, 'ci') });
    await registry.readManifest(web, 'latest', never);
    server.desk.revokeAll();
    expect((await registry.readManifest(web, 'latest', never))?.digest).toBe(image.manifest.digest);
    expect(server.desk.issued).toHaveLength(2);
    server.fault(faults.status(401, { 'www-authenticate': 'Bearer realm="/x"' }), 10, ({ target }) =>
      target.startsWith('/v2/'),
    );
    expect(await errorOf(registry.readManifest(web, 'latest', never))).toMatchObject({ status: 401 });
  });

  test('that were given out before one that is refused are not tried in its place', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users, tokenLifetimeS: 300 });
    const [web, loader] = [server.repository('org/web'), server.repository('org/loader')];
    const blob = (text: string) => {
      const bytes = Buffer.from(text);
      return { digest: server.store.putBlob('org/web', bytes), size: bytes.length };
    };
    const registry = connect({ credentials: login(server, 'ci'), access: 'pull,push' });
    await registry.listTags(loader, never);
    // Good for both repositories, and so for loader alone as well.
    await registry.copyBlob(blob('one'), web, loader, never);
    expect(server.desk.issued).toHaveLength(2);
    server.desk.revokeAll();
    await registry.listTags(loader, never);
    expect(server.desk.issued).toHaveLength(3);
    server.desk.revokeAll();
    await registry.writeBlob(loader, Buffer.from('two'), never);
    await registry.copyBlob(blob('three'), web, loader, never);
    expect(server.store.blob('org/loader', blob('three').digest)).toBeDefined();
  });

  test('are replaced once after a 403, which ghcr.io gives now and then', async () => {
    const clock = new InstantClock();
    await using server = await RegistryServer.start({ auth: 'bearer', users, tokenLifetimeS: 300 });
    const web = server.repository('org/web');
    seed(server, web, 'latest', image);
    const registry = connect({ clock, credentials: login(server, 'ci') });
    server.fault(faults.status(403), 1, ({ headers }) => headers.authorization?.startsWith('Bearer ') === true);
    expect((await registry.readManifest(web, 'latest', never))?.digest).toBe(image.manifest.digest);
    expect(server.desk.issued).toHaveLength(2);
    expect(clock.slept).toEqual([1_000]);
    server.fault(faults.status(403), 1, ({ target }) => target.startsWith('/token'));
    server.desk.revokeAll();
    expect((await registry.readManifest(web, 'latest', never))?.digest).toBe(image.manifest.digest);
  });

  test('are had for an identity token by OAuth2, and for nobody where everybody may pull', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users, anonymousPull: true });
    const web = server.repository('org/web');
    seed(server, web, 'latest', image);
    expect((await connect().readManifest(web, 'latest', never))?.digest).toBe(image.manifest.digest);
    const registry = connect({
      credentials: async () => ({ kind: 'identity-token', token: 'refresh+me', from: 'a file' }),
    });
    await registry.writeManifest(web, 'latest-1', image.manifest, never);
    expect(requestsOf(server)).toContain('POST /token 200');
    expect(server.store.tags('org/web')).toEqual(['latest', 'latest-1']);
  });

  test.each([
    ['no JSON', faults.text(200, 'hello')],
    ['a token that is no header value', faults.text(200, '{"token":"a\\r\\nx: y"}')],
    ['a redirect', faults.redirect('https://evil.test/')],
    ['64 KiB and more', faults.text(200, `{"token":"${'x'.repeat(65_536)}"}`)],
  ])('are not made of %s', async (_name, fault) => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    server.fault(fault, 1, ({ target }) => target.startsWith('/token'));
    const error = await errorOf(
      connect({ credentials: login(server, 'ci') }).listTags(server.repository('org/web'), never),
    );
    expect(error).toMatchObject({
      code: 'registry',
      retryable: false,
      message: expect.stringMatching(/^getting a token for .*org\/web failed/),
    });
    expect(server.requests).toHaveLength(2);
  });
});

describe('a refusal', () => {
  test.each(['basic', 'bearer'] as const)(
    'says which login was used, and none when there is none (%s)',
    async (auth) => {
      await using server = await RegistryServer.start({ auth, users });
      const web = server.repository('org/web');
      const nobody = await errorOf(connect().readManifest(web, 'latest', never));
      expect(nobody).toMatchObject({ status: 401, retryable: false });
      expect(nobody.message).toContain(`no credentials for ${server.host}`);
      const wrong = connect({
        credentials: async () => ({
          kind: 'password',
          username: 'ci',
          password: 'wrong',
          from: '/home/ci/config.json',
        }),
      });
      const refused = await errorOf(wrong.readManifest(web, 'latest', never));
      expect(refused).toMatchObject({ status: 401, retryable: false });
      expect(refused.message).toContain('the login from /home/ci/config.json was refused');
    },
  );

  test.each(['basic', 'bearer'] as const)('to write says who may not (%s)', async (auth) => {
    await using server = await RegistryServer.start({ auth, users });
    const web = server.repository('org/web');
    seed(server, web, 'latest', image);
    const error = await errorOf(
      connect({ credentials: login(server, 'reader') }).writeManifest(web, 'latest-2', image.manifest, never),
    );
    expect(error).toMatchObject({
      status: 403,
      retryable: false,
      hint: `The login from the inputs may not write to ${server.host}/org/web.`,
    });
  });

  test('of a good token says that it does not have the right', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const challenge = `Bearer realm="http://${server.host}/token",error="insufficient_scope"`;
    server.fault(
      faults.status(401, { 'www-authenticate': challenge }),
      10,
      ({ headers }) => headers.authorization?.startsWith('Bearer ') === true,
    );
    const registry = connect({ credentials: login(server, 'reader') });
    const error = await errorOf(registry.writeManifest(server.repository('org/web'), 'latest', image.manifest, never));
    expect(error).toMatchObject({ status: 401, message: expect.stringContaining('inputs does not have the right') });
  });
});

describe('a secret', () => {
  test('is not sent before the host has asked for it, nor for another host', async () => {
    await using server = await RegistryServer.start({ users });
    await using other = await RegistryServer.start({ auth: 'basic', users });
    const registry = connect({ credentials: login(server, 'ci') });
    await registry.listTags(server.repository('org/web'), never);
    await errorOf(registry.listTags(other.repository('org/web'), never));
    expect([...server.requests, ...other.requests].map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test.each([
    [
      'of another domain',
      'https://evil.test/token',
      'of another domain, evil.test: it does not get the login from the inputs',
    ],
    ['without TLS', 'http://evil.test/token', 'without TLS, evil.test'],
    ['with a password in it', 'https://a:b@evil.test/token', 'no usable token service'],
    ['that is a file', 'file:///etc/passwd', 'no usable token service'],
  ])('is not given to a realm %s', async (_name, realm, problem) => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    server.fault(faults.headers({ 'www-authenticate': `Bearer realm="${realm}"` }), 10);
    const error = await errorOf(
      connect({ credentials: login(server, 'ci') }).listTags(server.repository('org/web'), never),
    );
    expect(error).toMatchObject({ code: 'registry', retryable: false, message: expect.stringContaining(problem) });
    expect(server.requests).toHaveLength(1);
  });

  test('that a registry says back is not in the error', async () => {
    await using server = await RegistryServer.start({ auth: 'bearer', users });
    const registry = connect({ credentials: login(server, 'ci') });
    const tell =
      (code: number) =>
      (_answer: unknown, { headers, target }: { headers: { authorization?: string | undefined }; target: string }) =>
        jsonAnswer(code, {
          errors: [
            {
              code: 'DENIED',
              message: `you sent ${headers.authorization ?? ''} for ${target}: ${users.ci.password}\n::error::x`,
            },
          ],
        });
    for (const part of ['/v2/', '/token']) {
      server.fault(
        tell(403),
        10,
        ({ headers, target }) => headers.authorization !== undefined && target.startsWith(part),
      );
      const error = await errorOf(registry.listTags(server.repository('org/web'), never));
      const sent = server.requests
        .map(({ authorization = '' }) => authorization.replace(/^\w+ /, ''))
        .filter((secret) => secret !== '');
      expect(sent.length).toBeGreaterThan(0);
      for (const secret of [users.ci.password, ...sent])
        expect(`${error.message}${error.hint ?? ''}`).not.toContain(secret);
      expect(error.message).toContain('***');
      expect(error.message).not.toContain('\n');
    }
  });
});
