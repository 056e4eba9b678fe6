import type { TokenServiceFile } from '@delivery/testing/token-service/main';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, until } from './commands.ts';
import type { Layouts } from './images.ts';
import { baseImages } from './images.ts';
import type { Namespaces } from './namespaces.ts';
import { explain } from './namespaces.ts';
import { ports, repositoryRoot, runDir } from './settings.ts';
import type { GroundState } from './state.ts';

type Registries = GroundState['registries'];

const confDir = join(runDir, 'registries');
const issuer = 'delivery-ground-token-service';

/** Both registries with fresh passwords; nothing runs yet. */
export function planRegistries(): Registries {
  const login = (username: string) => ({ username, password: randomBytes(12).toString('hex') });
  const tokenUrl = `http://127.0.0.1:${ports.token}/token`;
  return {
    basic: { host: `127.0.0.1:${ports.basic}`, ...login('ci') },
    bearer: { host: `127.0.0.1:${ports.bearer}`, ...login('ci'), reader: login('reader'), tokenUrl },
  };
}

/** Starts the registries and the token service, each in the namespaces of the ground. */
export async function startRegistries(registries: Registries, namespaces: Namespaces): Promise<void> {
  mkdirSync(confDir, { recursive: true, mode: 0o700 });
  await startTokenService(registries.bearer, namespaces);
  const { username, password } = registries.basic;
  const htpasswd = await run('htpasswd', ['-n', '-i', '-B', username], { input: password });
  writeFileSync(join(confDir, 'htpasswd'), htpasswd, { mode: 0o600 });
  startRegistry('basic', ports.basic, { htpasswd: { realm: 'ground', path: join(confDir, 'htpasswd') } }, namespaces);
  // By name: some clients refuse a token service at an address that is not the registry's own.
  const realm = `http://localhost:${ports.token}/token`;
  const rootcertbundle = join(confDir, 'token.crt');
  const token = { realm, service: 'delivery-ground', issuer, rootcertbundle };
  startRegistry('bearer', ports.bearer, { token }, namespaces);
}

/** The registries' configuration: JSON, which is YAML too. */
function startRegistry(name: 'basic' | 'bearer', port: number, auth: object, namespaces: Namespaces): void {
  const file = join(confDir, `${name}.yml`);
  const storage = { filesystem: { rootdirectory: join(runDir, 'registry', name) }, delete: { enabled: true } };
  const http = { addr: `127.0.0.1:${port}` };
  writeFileSync(file, JSON.stringify({ version: 0.1, log: { level: 'info' }, storage, http, auth }), { mode: 0o600 });
  namespaces.start({ name: `registry-${name}`, command: 'docker-registry', args: ['serve', file] });
}

async function startTokenService(bearer: Registries['bearer'], namespaces: Namespaces): Promise<void> {
  const keyFile = join(confDir, 'token.key');
  const out = ['-keyout', keyFile, '-out', join(confDir, 'token.crt')];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=ground', ...out]);
  const file = join(confDir, 'token-service.json');
  const config: TokenServiceFile = {
    port: ports.token,
    issuer,
    keyFile,
    lifetimeS: 300,
    users: {
      [bearer.username]: { password: bearer.password, pull: ['*'], push: ['*'] },
      [bearer.reader.username]: { password: bearer.reader.password, pull: ['*'], push: [] },
    },
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const program = join(repositoryRoot, 'packages/testing/src/token-service/main.ts');
  namespaces.start({ name: 'token-service', command: process.execPath, args: [program, file] });
}

/** Waits until both registries ask for a login, as they should, and the token service answers. */
export async function registriesReady({ basic, bearer }: Registries): Promise<void> {
  const wanted: [daemon: string, url: string, status: number][] = [
    ['registry-basic', `http://${basic.host}/v2/`, 401],
    ['registry-bearer', `http://${bearer.host}/v2/`, 401],
    ['token-service', bearer.tokenUrl, 200],
  ];
  for (const [daemon, url, status] of wanted) {
    await until(`${daemon} answers`, 15_000, async () => (await statusOf(url)) === status).catch(explain(daemon));
  }
}

export async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    async ({ status, body }) => {
      await body?.cancel();
      return status;
    },
    () => undefined,
  );
}

/** Puts the base images into a registry. */
export async function pushBaseImages(layouts: Layouts, host: string, authFile: string): Promise<void> {
  const options = ['--quiet', '--preserve-digests', '--dest-tls-verify=false', '--dest-authfile', authFile];
  for (const [name, tag] of Object.entries(baseImages)) {
    const from = `oci:${layouts[name as keyof typeof baseImages]}:${tag}`;
    await run('skopeo', ['copy', ...options, from, `docker://${host}/${tag}`]);
  }
}
