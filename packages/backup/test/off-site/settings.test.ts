import { readOffSite } from '../../src/off-site/settings.ts';

const ssh = { RSYNC_HOST: 'copies.example.org', RSYNC_USER: 'fragalysis', RSYNC_PATH: '/srv/copies/prod/' };

function problemsOf(env: Record<string, string>): string[] {
  try {
    readOffSite(env);
  } catch (error) {
    return (error as { problems: { field: string }[] }).problems.map(({ field }) => field);
  }
  return [];
}

test('reads ssh with its defaults', () => {
  expect(readOffSite(ssh)).toEqual({
    transport: 'ssh',
    host: 'copies.example.org',
    port: 22,
    user: 'fragalysis',
    path: '/srv/copies/prod',
    secrets: '/offsite',
    prune: true,
  });
});

test('reads a daemon with everything set', () => {
  const env = {
    ...{ BACKUP_OFFSITE: 'required', RSYNC_TRANSPORT: 'daemon', RSYNC_HOST: 'fd00::1', RSYNC_PORT: '8730' },
    ...{ RSYNC_USER: 'copier', RSYNC_PATH: 'backups/prod', RSYNC_SECRETS: '/run/secret', RSYNC_PRUNE: 'false' },
  };
  expect(readOffSite(env)).toEqual({
    transport: 'daemon',
    host: 'fd00::1',
    port: 8730,
    user: 'copier',
    path: 'backups/prod',
    secrets: '/run/secret',
    prune: false,
  });
  expect(readOffSite({ ...env, RSYNC_PORT: '' })?.port).toBe(873);
});

test.each([
  ['no host is set', {}],
  ['the host is empty', { RSYNC_HOST: '' }],
  ['none is said, whatever the rest', { ...ssh, BACKUP_OFFSITE: 'none', RSYNC_PORT: 'x' }],
])('sends nothing when %s', (_, env) => {
  expect(readOffSite(env)).toBeUndefined();
});

test('copies that are required need a host, an account and a path, and all of it is said at once', () => {
  expect(problemsOf({ BACKUP_OFFSITE: 'required' }).sort()).toEqual(['RSYNC_HOST', 'RSYNC_PATH', 'RSYNC_USER']);
  expect(problemsOf({ BACKUP_OFFSITE: 'perhaps' })).toEqual(['BACKUP_OFFSITE']);
});

test('takes the account’s own folder by ssh, but not as a module', () => {
  expect(readOffSite({ ...ssh, RSYNC_PATH: '.' })?.path).toBe('.');
  expect(problemsOf({ ...ssh, RSYNC_TRANSPORT: 'daemon', RSYNC_PATH: '.' })).toEqual(['RSYNC_PATH']);
});

describe('nothing can become an option, a shell word or another place', () => {
  test.each([
    ...['-oProxyCommand=touch', 'a b', 'a;b', '$(x)', 'a\nb', 'user@host', 'host:path', '..', 'a,b'].map((bad) => [
      'RSYNC_HOST',
      bad,
    ]),
    ...['-l', 'a b', 'root;', 'a@b', '$USER', 'a:b'].map((bad) => ['RSYNC_USER', bad]),
    ...['-e', '/a/../b', '..', 'a b', '~/x', '/a/$(x)', '/a/*', '/a//b', '/', 'a;b', '/a/-x/..'].map((bad) => [
      'RSYNC_PATH',
      bad,
    ]),
    ...['0', '65536', '22x', '-1', '1e3'].map((bad) => ['RSYNC_PORT', bad]),
    ...['rsh', 'SSH'].map((bad) => ['RSYNC_TRANSPORT', bad]),
    ['RSYNC_SECRETS', 'relative'],
    ['RSYNC_PRUNE', 'no'],
  ] as [string, string][])('%s %j is refused', (field, bad) => {
    expect(problemsOf({ ...ssh, [field]: bad })).toEqual([field]);
  });
});
