import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { firstLogin, givenLogin, runnerLogins } from '@delivery/core/adapters/registry/credentials';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { FakeProgram } from '@delivery/testing/fake-exec';
import { fakeExec } from '@delivery/testing/fake-exec';
import { never } from './setup.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'logins-'));
});
afterEach(async () => rm(home, { recursive: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });
const docker = '.docker/config.json';

async function write(path: string, content: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** `username:password`, `token <identity token>` or undefined, for a repository. */
async function find(repository: string, env: Record<string, string> = {}, programs: Record<string, FakeProgram> = {}) {
  const logins = runnerLogins({
    env: { XDG_RUNTIME_DIR: join(home, 'run'), ...env },
    home,
    uid: 1000,
    exec: fakeExec(programs),
  });
  const login = await logins(parseRepository(repository)!, never);
  return login?.kind === 'password' ? `${login.username}:${login.password}` : login && `token ${login.token}`;
}

describe('logins of the runner', () => {
  test('are none when there is no file', async () => {
    expect(await find('ghcr.io/org/web')).toBeUndefined();
  });

  test('are read from the file of docker, of DOCKER_CONFIG, of REGISTRY_AUTH_FILE and of podman, in that order', async () => {
    await write('run/containers/auth.json', { auths: { 'ghcr.io': auth('podman:4') } });
    expect(await find('ghcr.io/org/web')).toBe('podman:4');
    const REGISTRY_AUTH_FILE = await write('named.json', { auths: { 'ghcr.io': auth('named:3') } });
    expect(await find('ghcr.io/org/web', { REGISTRY_AUTH_FILE })).toBe('named:3');
    await write(docker, { auths: { 'ghcr.io': auth('docker:2') } });
    expect(await find('ghcr.io/org/web', { REGISTRY_AUTH_FILE })).toBe('docker:2');
    await write('elsewhere/config.json', { auths: { 'ghcr.io': auth('elsewhere:1') } });
    expect(await find('ghcr.io/org/web', { REGISTRY_AUTH_FILE, DOCKER_CONFIG: join(home, 'elsewhere') })).toBe(
      'elsewhere:1',
    );
  });

  test('go to their own host and port only', async () => {
    await write(docker, { auths: { 'ghcr.io': auth('a:b'), 'registry.test:5000': auth('c:d') } });
    for (const other of [
      'ghrc.io/x',
      'ghcr.io.evil.test/x',
      'sub.ghcr.io/x',
      'ghcr.io:8443/x',
      'registry.test/x',
      'registry.test:5001/x',
    ]) {
      expect(await find(other)).toBeUndefined();
    }
    expect(await find('registry.test:5000/x')).toBe('c:d');
  });

  test.each([
    ['https://registry.test', 'registry.test/x'],
    ['https://registry.test/v2/', 'registry.test/x'],
    ['http://registry.test:5000/', 'registry.test:5000/x'],
    ['https://index.docker.io/v1/', 'docker.io/library/x'],
    ['docker.io', 'docker.io/library/x'],
  ])('are found under the key %s', async (key, repository) => {
    await write(docker, { auths: { [key]: auth('user:pass:with:colons') } });
    expect(await find(repository)).toBe('user:pass:with:colons');
  });

  test("are found under podman's longest key", async () => {
    await write('run/containers/auth.json', {
      auths: { 'quay.test': auth('host:1'), 'quay.test/org': auth('org:2'), 'quay.test/org/web': auth('web:3') },
    });
    expect(await find('quay.test/org/web')).toBe('web:3');
    expect(await find('quay.test/org/loader')).toBe('org:2');
    expect(await find('quay.test/other/web')).toBe('host:1');
    expect(await find('quay.test/organic')).toBe('host:1');
  });

  test('may be an identity token, or plain fields, or an empty entry', async () => {
    await write(docker, {
      auths: {
        'a.test': { ...auth('00000000:'), identitytoken: 'refresh' },
        'b.test': { username: 'u', password: 'p' },
        'c.test': {},
      },
    });
    expect(await find('a.test/x')).toBe('token refresh');
    expect(await find('b.test/x')).toBe('u:p');
    expect(await find('c.test/x')).toBeUndefined();
  });
});

describe('a broken file', () => {
  test.each([
    ['no JSON', '{"auths": {"ghcr.io": {"auth": "c2VjcmV0OnNlY3JldA==" ', 'is not valid JSON'],
    [
      'an auth that is a number',
      { auths: { 'ghcr.io': { auth: 7 } } },
      'is not a file of logins: auths.ghcr.io.auth is not valid',
    ],
    [
      'an auth without a colon',
      { auths: { 'ghcr.io': auth('secret') } },
      ': auths["ghcr.io"].auth is not base64 of username:password',
    ],
    ['auths that is a list', { auths: [] }, 'is not a file of logins: auths is not valid'],
  ])('with %s is named, and what it holds is not shown', async (_name, content, problem) => {
    const file = await write(docker, content);
    const error = await find('ghcr.io/x').catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'registry-login', message: expect.stringContaining(problem) });
    expect((error as Error).message).toContain(file);
    expect((error as Error).message).not.toMatch(/secret|c2Vj/);
  });

  test('that is a directory is named', async () => {
    await mkdir(join(home, docker), { recursive: true });
    await expect(find('ghcr.io/x')).rejects.toMatchObject({
      code: 'registry-login',
      message: expect.stringContaining('(EISDIR)'),
    });
  });
});

describe('a credential helper', () => {
  const helper =
    (answers: Record<string, { Username: string; Secret: string }>): FakeProgram =>
    ({ args, input = '', stdout }) => {
      const answer = args[0] === 'get' ? answers[input] : undefined;
      stdout(answer ? JSON.stringify({ ServerURL: input, ...answer }) : 'credentials not found in native keychain\n');
      return answer ? 0 : 1;
    };

  test('of the host comes before the store, and the store before the file', async () => {
    const auths = { 'a.test': auth('file:a'), 'b.test': auth('file:b'), 'c.test': auth('file:c') };
    await write(docker, { auths, credHelpers: { 'a.test': 'one' }, credsStore: 'all' });
    const programs = {
      'docker-credential-one': helper({ 'a.test': { Username: 'one', Secret: 'a' } }),
      'docker-credential-all': helper({
        'b.test': { Username: '<token>', Secret: 'b' },
        'https://index.docker.io/v1/': { Username: 'hub', Secret: 'd' },
      }),
    };
    expect(await find('a.test/x', {}, programs)).toBe('one:a');
    expect(await find('b.test/x', {}, programs)).toBe('token b');
    expect(await find('c.test/x', {}, programs)).toBe('file:c');
    expect(await find('docker.io/library/x', {}, programs)).toBe('hub:d');
  });

  test.each<[string, Record<string, FakeProgram>, string]>([
    ['is not there', {}, 'is not on the PATH'],
    [
      'fails',
      { 'docker-credential-x': ({ stdout }) => (stdout('the secret is hunter2'), 2) },
      'ended with exit code 2',
    ],
    [
      'answers nonsense',
      { 'docker-credential-x': ({ stdout }) => (stdout('hunter2'), 0) },
      'did not answer with a Username and a Secret',
    ],
  ])('that %s is named with its file, and what it printed is not shown', async (_name, programs, problem) => {
    const file = await write(docker, { credsStore: 'x' });
    const error = (await find('ghcr.io/x', {}, programs).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'registry-login',
      message: `docker-credential-x (named in ${file}) ${problem}`,
    });
    expect(error.message).not.toContain('hunter2');
  });

  test('must have a plain name', async () => {
    await write(docker, { credsStore: '../../bin/sh' });
    await expect(find('ghcr.io/x')).rejects.toMatchObject({
      code: 'registry-login',
      message: expect.stringContaining('no plain name'),
    });
  });
});

test('a given login is for its hosts alone and comes before others', async () => {
  const given = givenLogin({ username: 'u', password: 'p', from: 'the inputs' }, ['GHCR.io', 'docker.io']);
  const other = givenLogin({ username: 'other', password: 'p', from: 'elsewhere' }, ['ghcr.io', 'quay.test']);
  const username = async (host: string) => {
    const login = await firstLogin(given, other)({ host, path: 'x' }, never);
    return login?.kind === 'password' ? login.username : undefined;
  };
  expect(await username('ghcr.io')).toBe('u');
  expect(await username('registry-1.docker.io')).toBe('u');
  expect(await username('quay.test')).toBe('other');
  expect(await username('ghrc.io')).toBeUndefined();
});
