import type { Repository } from '@delivery/core/domain/image-reference';
import { ActionError } from '@delivery/core/errors/errors';
import { hubLoginKey, isHub } from '@delivery/core/adapters/registry/hosts';
import { loginHint, readLoginJson } from '@delivery/core/adapters/registry/login-files';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { GivenLogin, Workshop } from './workshop.ts';
import { writePrivate } from './workshop.ts';

/** The login that the inputs give, its base64 form masked as well: that is what the builders' files hold. */
export function readLogin(
  given: { readonly 'registry-username': string; readonly 'registry-password': string },
  mask: (secret: string) => void,
): GivenLogin | undefined {
  if (given['registry-username'] === '') return undefined;
  const login = { username: given['registry-username'], password: given['registry-password'] };
  mask(encode(login));
  return login;
}

function encode({ username, password }: GivenLogin): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

type LoginFile = Readonly<Record<string, unknown>> & {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
};

/**
 * An environment in which docker logs in to the repository's registry as given, by a configuration of its own in
 * `folder`: a copy of the runner's (logins of other registries, proxies) with this login in it. Plugins and contexts are
 * looked for beside that file, buildx' builders in BUILDX_CONFIG: all stay where they are.
 */
export async function dockerLogin(login: GivenLogin, { host }: Repository, folder: string, { env, home }: Workshop) {
  const usual = env['DOCKER_CONFIG'] || join(home, '.docker');
  const config = await readLogins(join(usual, 'config.json'));
  const key = isHub(host) ? hubLoginKey : host;
  // An empty helper keeps docker from asking `credsStore` for this host (docker/cli, config/configfile).
  const credHelpers = { ...config.credHelpers, [key]: '' };
  await writePrivate(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, auths: withLogin(config, key, login), credHelpers }),
  );
  for (const name of ['cli-plugins', 'contexts']) await symlink(join(usual, name), join(folder, name));
  return { DOCKER_CONFIG: folder, BUILDX_CONFIG: env['BUILDX_CONFIG'] || join(usual, 'buildx') };
}

/** The same for buildah and podman (containers-auth.json(5)). */
export async function containersLogin(
  login: GivenLogin,
  { host }: Repository,
  folder: string,
  { env, home }: Workshop,
) {
  const runtime = env['XDG_RUNTIME_DIR'];
  const usual = [
    env['REGISTRY_AUTH_FILE'],
    runtime && join(runtime, 'containers', 'auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ];
  let config: LoginFile = {};
  for (const path of usual) {
    if (path) config = { ...config, auths: { ...(await readLogins(path)).auths, ...config.auths } };
  }
  const key = isHub(host) ? 'docker.io' : host;
  const file = join(folder, 'auth.json');
  await writePrivate(file, JSON.stringify({ auths: withLogin(config, key, login) }));
  return { REGISTRY_AUTH_FILE: file };
}

function withLogin(config: LoginFile, key: string, login: GivenLogin): Record<string, unknown> {
  return { ...config.auths, [key]: { auth: encode(login) } };
}

/** Docker's configuration has more in it than logins: all of it stays. */
async function readLogins(path: string): Promise<LoginFile> {
  const content = await readLoginJson(path);
  if (content === undefined) return {};
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content as LoginFile;
  throw new ActionError('registry-login', `${path} is not a JSON object`, { hint: loginHint });
}
