import type { Repository } from '../../domain/image-reference.ts';
import type { Exec } from '../../ports/exec.ts';
import { hubLoginKey, isHub } from './hosts.ts';
import { findLogin, loginFiles, readLoginFile } from './login-files.ts';

/** A login of a registry. `from` says where it was found, for messages: `~/.docker/config.json`. */
export type Login =
  | { readonly kind: 'password'; readonly username: string; readonly password: string; readonly from: string }
  /** An OAuth2 refresh token for the registry's token service (distribution, docs/spec/auth/oauth). */
  | { readonly kind: 'identity-token'; readonly token: string; readonly from: string };

/** The login for a repository; undefined when there is none. Throws ActionError (`registry-login`) for a broken one. */
export type Credentials = (repository: Repository, signal: AbortSignal) => Promise<Login | undefined>;

/** A username and password that were given for certain registries, `hosts`; no other host ever gets them. */
export function givenLogin(
  login: { username: string; password: string; from: string },
  hosts: Iterable<string>,
): Credentials {
  const bound = new Set([...hosts].map(canonicalHost));
  return async ({ host }) => (bound.has(canonicalHost(host)) ? { kind: 'password', ...login } : undefined);
}

/**
 * The logins that docker, buildah and podman have made on the runner, credential helpers included. The first file that has one
 * for the repository decides: docker's config.json, then REGISTRY_AUTH_FILE, then podman's auth.json.
 */
export function runnerLogins(runner: {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  uid: number;
  exec: Exec;
}): Credentials {
  return async (repository, signal) => {
    for (const path of loginFiles(runner)) {
      const file = await readLoginFile(path);
      const login = file && (await findLogin(file, path, repository, runner.exec, signal));
      if (login) return login;
    }
    return undefined;
  };
}

/** The first login that one of them has. */
export function firstLogin(...all: readonly Credentials[]): Credentials {
  return async (repository, signal) => {
    for (const credentials of all) {
      const login = await credentials(repository, signal);
      if (login) return login;
    }
    return undefined;
  };
}

function canonicalHost(host: string): string {
  return isHub(host) ? hubLoginKey : host.toLowerCase();
}
