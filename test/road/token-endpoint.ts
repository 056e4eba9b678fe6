import { idOf } from '@delivery/testing/github/ids';
import { idToken, registerJob } from '@delivery/testing/oidc-issuer/client';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GroundOidc } from '../ground/state.ts';

/** Those of a push to the default branch of a repository that the ground's cluster trusts, in the job of web-image.yml. */
export const goodClaims: Readonly<Record<string, unknown>> = {
  repository: 'acme/oidc',
  repository_id: idOf('acme/oidc'),
  repository_owner: 'acme',
  repository_owner_id: idOf('acme'),
  ref: 'refs/heads/main',
  event_name: 'push',
  sha: 'a'.repeat(40),
  run_id: '7',
  actor: 'ada',
  job_workflow_ref: 'InformaticsMatters/fragalysis-actions/.github/workflows/web-image.yml@refs/tags/v1',
};

export interface TokenEndpoint extends Disposable {
  /** The tokens that it gave, in order. */
  readonly given: readonly string[];
  /** What a step asks it with. */
  readonly env: Readonly<Record<string, string>>;
}

/** GitHub's endpoint as one job sees it. `lifetimeS`: of its tokens; `firstTo`: whom it makes the first one out to, whatever it is asked. */
export async function tokenEndpoint(
  { issuer }: GroundOidc,
  { lifetimeS = 300, firstTo }: { readonly lifetimeS?: number; readonly firstTo?: string } = {},
): Promise<TokenEndpoint> {
  const given: string[] = [];
  const job = await registerJob(issuer, goodClaims, lifetimeS);
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://localhost').searchParams.get('audience') ?? '';
    void idToken(issuer, job, given.length === 0 ? (firstTo ?? asked) : asked).then((value) => {
      given.push(value);
      response.end(JSON.stringify({ value }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'asked-by-the-job',
  };
  return { given, env, [Symbol.dispose]: () => void server.close() };
}
