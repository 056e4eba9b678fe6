import { idOf } from '@delivery/testing/github/ids';
import { idToken, registerJob } from '@delivery/testing/oidc-issuer/client';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { run, until } from './commands.ts';
import type { Namespaces } from './namespaces.ts';
import { explain } from './namespaces.ts';
import { ports, repositoryRoot, runDir } from './settings.ts';
import type { GroundOidc } from './state.ts';

const dir = join(runDir, 'oidc');
const [keyFile, certificateFile] = [join(dir, 'issuer.key'), join(dir, 'issuer.crt')];
const url = `https://127.0.0.1:${ports.oidc}`;

/** What the API server is started with. */
export const authenticationFile = join(dir, 'authentication.yaml');

/** An issuer in the place of GitHub's, and whom the embedded cluster trusts of it. */
export const groundOidc: GroundOidc = {
  issuer: { url, caPath: certificateFile },
  audience: `https://127.0.0.1:${ports.api}`,
  repositories: ['acme/stack', 'acme/oidc'],
};

/** Starts the issuer, in the namespaces of the ground, and writes what the API server has to know of it. */
export async function startIssuer(namespaces: Namespaces): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const out = ['-keyout', keyFile, '-out', certificateFile, '-addext', 'subjectAltName=IP:127.0.0.1'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=issuer', ...out]);
  writeFileSync(authenticationFile, authentication());
  const program = join(repositoryRoot, 'packages/testing/src/oidc-issuer/main.ts');
  const args = [program, String(ports.oidc), keyFile, certificateFile];
  namespaces.start({ name: 'oidc-issuer', command: process.execPath, args });
  await until('the OIDC issuer answers', 15_000, issuerAnswers).catch(explain('oidc-issuer'));
}

/** deploy/oidc/authentication.yaml as it is shipped, with the values of this ground. */
function authentication(): string {
  const authority = readFileSync(certificateFile, 'utf8').trim().replaceAll('\n', '\n        ');
  const ids = groundOidc.repositories.map((repository) => `'${idOf(repository)}'`);
  const values: Readonly<Record<string, string>> = {
    'url: https://token.actions.githubusercontent.com': `url: ${url}\n      certificateAuthority: |\n        ${authority}`,
    "['https://api.example.org:6443']": `['${groundOidc.audience}']`,
    "'1000001'": `'${idOf('acme')}'`,
    "['2000001']": `[${ids.join(', ')}]`,
  };
  const shipped = readFileSync(join(repositoryRoot, 'deploy/oidc/authentication.yaml'), 'utf8');
  return Object.entries(values).reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`deploy/oidc/authentication.yaml does not hold ${from} once`);
    return text.replace(from, to);
  }, shipped);
}

export function issuerAnswers(): Promise<boolean> {
  return answers(`${url}/jwks`, certificateFile, {}, 200);
}

/** True when the API server knows the issuer's keys: it fetches them by itself, some time after it has started. */
export async function tokensPass(apiCa: string): Promise<boolean> {
  const [repository = ''] = groundOidc.repositories;
  const claims = {
    ...{ repository, repository_id: idOf(repository), repository_owner_id: idOf('acme'), ref: 'refs/heads/main' },
    job_workflow_ref: 'InformaticsMatters/fragalysis-actions/.github/workflows/web-image.yml@refs/tags/v1',
    ...{ event_name: 'push', run_id: '1', sha: '0', actor: 'ground' },
  };
  const token = await idToken(groundOidc.issuer, await registerJob(groundOidc.issuer, claims), groundOidc.audience);
  // 403: it knows who asks, who has no rights.
  return answers(`${groundOidc.audience}/api/v1/nodes`, apiCa, { authorization: `Bearer ${token}` }, 403);
}

function answers(address: string, caPath: string, headers: Record<string, string>, status: number): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { ca: readFileSync(caPath), timeout: 3000, agent: false as const, headers };
    const request = get(address, options, (response) => {
      response.resume();
      resolve(response.statusCode === status);
    });
    request.on('error', () => resolve(false)).on('timeout', () => request.destroy());
  });
}
