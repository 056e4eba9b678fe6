import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Repository } from '../../domain/image-reference.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Exec } from '../../ports/exec.ts';
import { askHelper } from './credential-helper.ts';
import type { Login } from './credentials.ts';
import { hubLoginKey, isHub } from './hosts.ts';

const maxFileLength = 1024 * 1024;
export const loginHint = 'Log in again on the runner, or remove the file.';

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const loginFile = z.object({
  auths: z.record(z.string(), entry).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});
export type LoginFile = z.output<typeof loginFile>;

/** Where docker (docs.docker.com/reference/cli/docker, "Configuration files") and podman (containers-auth.json(5)) keep their logins. */
export function loginFiles(runner: {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  uid: number;
}): string[] {
  const { env, home, uid } = runner;
  const files = [join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json')];
  if (env['REGISTRY_AUTH_FILE']) files.push(env['REGISTRY_AUTH_FILE']);
  files.push(
    join(env['XDG_RUNTIME_DIR'] || `/run/containers/${uid}`, env['XDG_RUNTIME_DIR'] ? 'containers' : '', 'auth.json'),
  );
  return files;
}

/** Undefined when there is no such file; ActionError when it cannot be read or is not what docker and podman write. */
export async function readLoginFile(path: string): Promise<LoginFile | undefined> {
  const json = await readLoginJson(path);
  if (json === undefined) return undefined;
  const answer = loginFile.safeParse(json);
  if (!answer.success)
    throw broken(
      path,
      `is not a file of logins: ${answer.error.issues[0]?.path.join('.') || 'the document'} is not valid`,
    );
  return answer.data;
}

/** All that such a file holds; undefined when there is none. Throws ActionError, which quotes nothing of it. */
export async function readLoginJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw broken(path, `cannot be read (${code})`);
  }
  if (text.length > maxFileLength) throw broken(path, `is larger than ${maxFileLength} bytes`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text, and the text holds passwords.
    throw broken(path, 'is not valid JSON');
  }
}

/**
 * The login of a repository in one file. A helper of the host comes first, then the store for all hosts, then what stands in the
 * file: podman's keys down to the repository (`host/org/web`, `host/org`, `host`, the longest first) and docker's (`https://host`).
 */
export async function findLogin(
  file: LoginFile,
  path: string,
  repository: Repository,
  exec: Exec,
  signal: AbortSignal,
): Promise<Login | undefined> {
  const host = repository.host.toLowerCase();
  const key = isHub(host) ? hubLoginKey : host;
  const helper = file.credHelpers?.[key] ?? file.credHelpers?.[host] ?? file.credsStore;
  const kept = helper ? await askHelper(helper, key, path, exec, signal) : undefined;
  return kept ?? storedLogin(file, path, repository);
}

function storedLogin(file: LoginFile, path: string, { host, path: name }: Repository): Login | undefined {
  const auths = Object.entries(file.auths ?? {}).filter(([key]) => key !== '');
  const byKey = (wanted: string, read: (key: string) => string) => auths.find(([key]) => read(key) === wanted);
  const segments = [host, ...name.split('/')];
  for (let length = segments.length; length > 0; length--) {
    const found = byKey(segments.slice(0, length).join('/'), (key) => key);
    if (found) return readEntry(found, path);
  }
  const legacy = isHub(host)
    ? auths.find(([key]) => key === hubLoginKey || isHub(hostOfKey(key)))
    : byKey(host.toLowerCase(), hostOfKey);
  return legacy && readEntry(legacy, path);
}

/** Docker's older keys are addresses, such as `https://host/v1/`; podman's with a path are for that path only and none here. */
function hostOfKey(key: string): string {
  const address = /^https?:\/\/([^/]+)(?:\/v[12]?\/?|\/)?$/.exec(key);
  return (address?.[1] ?? key).toLowerCase();
}

function readEntry([key, found]: [string, z.output<typeof entry>], path: string): Login | undefined {
  const from = path;
  if (found.identitytoken) return { kind: 'identity-token', token: found.identitytoken, from };
  if (found.auth) {
    // Docker ends the text with NUL bytes in some versions.
    const text = Buffer.from(found.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = text.indexOf(':');
    if (colon < 1) throw broken(path, `auths[${JSON.stringify(key)}].auth is not base64 of username:password`);
    return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1), from };
  }
  if (found.username && found.password)
    return { kind: 'password', username: found.username, password: found.password, from };
  // Docker leaves an empty entry for what a helper keeps.
  return undefined;
}

function broken(path: string, problem: string): ActionError {
  const message = /^auths/.test(problem) ? `${path}: ${problem}` : `${path} ${problem}`;
  return new ActionError('registry-login', message, { hint: loginHint });
}
