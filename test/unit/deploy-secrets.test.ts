import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { deploy, listedSecrets, objectsIn, partsOfProject, projectNames } from './deploy-tree.ts';

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface SecretVolume {
  readonly secretName: string;
  readonly optional?: boolean;
  readonly items: readonly { readonly key: string }[];
}

/** Each key as `<secret>/<key>`, with `?` where it may be missing. */
function usedKeys(project: string): string[] {
  const keys = objectsIn(partsOfProject(project)).flatMap((object) => {
    const { secretKeyRef, secret, imagePullSecrets, tls } = object as {
      secretKeyRef?: KeyRef;
      secret?: SecretVolume;
      imagePullSecrets?: { name: string }[];
      tls?: { secretName: string }[];
    };
    const ref = secretKeyRef && mark(secretKeyRef.name, secretKeyRef.key, secretKeyRef.optional);
    const files = secret?.items.map(({ key }) => mark(secret.secretName, key, secret.optional)) ?? [];
    const pulls = imagePullSecrets?.map(({ name }) => mark(name, '.dockerconfigjson')) ?? [];
    // An ingress answers without them too, with the controller's own certificate.
    const certificates = tls?.flatMap(({ secretName }) =>
      ['tls.crt', 'tls.key'].map((key) => mark(secretName, key, true)),
    );
    return [...(ref === undefined ? [] : [ref]), ...files, ...pulls, ...(certificates ?? [])];
  });
  return [...new Set(keys)].sort();
}

const mark = (secret: string, key: string, optional = false): string => `${secret}/${key}${optional ? '?' : ''}`;

it.each(projectNames)('secrets.txt of %s names what its manifests refer to, and nothing else', (project) => {
  const listed = listedSecrets(project).flatMap(([secret = '', ...keys]) =>
    keys.map((key) => mark(secret.replace('?', ''), key.replace('?', ''), `${secret}${key}`.includes('?'))),
  );
  // A project of public images may do without a login: a pod starts where its imagePullSecrets are not there.
  const keys = listed.map((key) => key.replace('.dockerconfigjson?', '.dockerconfigjson'));
  expect(keys.sort()).toEqual(usedKeys(project));
});

it.each(projectNames)('%s has no Secret in the repository', (project) => {
  const kinds = objectsIn(partsOfProject(project)).map(({ kind }) => kind);
  expect(kinds).not.toContain('Secret');
});

describe('deploy/check-secrets.sh', () => {
  const password = 'a-password-that-nobody-may-see';
  let dir: string;

  /** A kubectl that knows some Secrets and gives, as the real one does, what the template makes of them: names of keys. */
  function check(project: string, secrets: Readonly<Record<string, readonly string[]>>, exitCode = 0) {
    const cases = Object.entries(secrets).map(([name, keys]) => `${name}) printf 'exists ${keys.join(' ')}' ;;`);
    const program = `#!/bin/sh
echo "$@" >>'${dir}/asked'
for name in "$@"; do case $name in ${cases.join(' ')} esac; done
PASSWORD=${password}
exit ${exitCode}
`;
    writeFileSync(join(dir, 'kubectl'), program);
    chmodSync(join(dir, 'kubectl'), 0o755);
    const env = { ...process.env, PATH: `${dir}${delimiter}${process.env['PATH'] ?? ''}` };
    const script = join(deploy, 'check-secrets.sh');
    const { status, stdout, stderr } = spawnSync('sh', [script, project, '--context=c'], { env, encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  const database = ['database', 'database-user', 'database-password', 'database-root-password', 'database-host'];
  const all = { 'fs-registry-secrets': ['.dockerconfigjson'], 'fs-mysql-secrets': [...database, 'database-port'] };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'check-secrets-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('passes when all are there, and names those that need not be', () => {
    const { status, stdout } = check('production', all);
    expect(stdout).toContain('fragalysis-prod has all Secrets that it needs');
    expect(stdout).toContain('not there, and need not be: fragalysis-prod/fs-backup-secrets');
    expect(status).toBe(0);
  });

  it('asks for names of keys only, with the options of kubectl that it was given', () => {
    check('test', all);
    const asked = readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n');
    expect(asked).toHaveLength(6);
    for (const line of asked) {
      expect(line).toMatch(/^--context=c -n fragalysis-dev get secret \S+ --ignore-not-found -o go-template=exists/);
      expect(line.replaceAll('{{if $value}}', '')).not.toContain('$value}}');
    }
  });

  it.each([
    ['a Secret', { 'fs-mysql-secrets': all['fs-mysql-secrets'] }, 'fragalysis-ric/fs-registry-secrets, with the keys'],
    ['a key', { ...all, 'fs-mysql-secrets': database }, 'fragalysis-ric/fs-mysql-secrets, key database-port'],
    ['a key of one that need not be there', { ...all, 'web-tls': ['tls.crt'] }, 'fragalysis-ric/web-tls, key tls.key'],
  ])('fails when %s is missing, and says which', (_, secrets, message) => {
    const { status, stdout } = check('ric', secrets);
    expect(stdout).toContain(`missing: ${message}`);
    expect(status).toBe(1);
  });

  it.each(['', '../test', 'nowhere'])('says how to use it when there is no project %j', (project) => {
    expect(check(project, all)).toMatchObject({ status: 2, stderr: expect.stringContaining('usage: ') as string });
  });

  it('is not taken in by a cluster that cannot be asked', () => {
    expect(check('test', {}, 1)).toMatchObject({ status: 2, stdout: '' });
  });
});
