import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Claims } from './issuer.ts';

/** Where an issuer is. */
export interface IssuerPlace {
  readonly url: string;
  /** The authority of its certificate, PEM. */
  readonly caPath: string;
}

/** Makes a job known and gives the token that it may ask for its tokens with. `lifetimeS`: of each of them. */
export async function registerJob(issuer: IssuerPlace, claims: Claims, lifetimeS?: number): Promise<string> {
  const body = JSON.stringify({ claims, lifetimeS });
  const { token } = (await ask(issuer, 'POST', '/runs', {}, body)) as { token: string };
  return token;
}

/** What a job with the token of `registerJob` is given. */
export async function idToken(issuer: IssuerPlace, requestToken: string, audience: string): Promise<string> {
  const headers = { authorization: `Bearer ${requestToken}` };
  const { value } = (await ask(issuer, 'GET', `/id-token?audience=${encodeURIComponent(audience)}`, headers)) as {
    value: string;
  };
  return value;
}

/** By its own authority, which fetch does not take. */
function ask(issuer: IssuerPlace, method: string, path: string, headers: object, body = ''): Promise<unknown> {
  const options = { method, headers: { ...headers }, ca: readFileSync(issuer.caPath), agent: false as const };
  return new Promise((resolve, reject) => {
    const asked = request(`${issuer.url}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        if (response.statusCode === 200 || response.statusCode === 201) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    asked.on('error', reject).end(body);
  });
}
