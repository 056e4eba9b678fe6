import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';

/**
 * Puts a blob into a real registry on loopback, in one POST and one PUT (distribution spec 1.1, "POST then PUT"); by plain fetch,
 * so that what tests read with the adapter was not written by it.
 */
export async function uploadBlob(
  { host, path }: Repository,
  bytes: Uint8Array,
  login: { username: string; password: string },
): Promise<Digest> {
  const digest = digestOf(bytes);
  const uploads = `http://${host}/v2/${path}/blobs/uploads/`;
  const authorization = await authorize(uploads, path, login);
  const started = await fetch(uploads, { method: 'POST', headers: { authorization } });
  if (started.status !== 202) throw new Error(`POST ${uploads}: ${started.status}`);
  const target = new URL(started.headers.get('location') ?? '', uploads);
  target.searchParams.set('digest', digest);
  const headers = { authorization, 'content-type': 'application/octet-stream' };
  const stored = await fetch(target, { method: 'PUT', headers, body: Uint8Array.from(bytes) });
  if (stored.status !== 201) throw new Error(`PUT ${target.pathname}: ${stored.status}`);
  return digest;
}

async function authorize(
  address: string,
  path: string,
  login: { username: string; password: string },
): Promise<string> {
  const basic = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const asked = await fetch(address, { method: 'POST' });
  const challenge = asked.headers.get('www-authenticate') ?? '';
  if (!challenge.startsWith('Bearer ')) return basic;
  const [realm, service] = ['realm', 'service'].map(
    (name) => new RegExp(`${name}="([^"]+)"`).exec(challenge)?.[1] ?? '',
  );
  const url = new URL(realm ?? '');
  url.searchParams.set('service', service ?? '');
  url.searchParams.set('scope', `repository:${path}:pull,push`);
  const answer = (await (await fetch(url, { headers: { authorization: basic } })).json()) as { token: string };
  return `Bearer ${answer.token}`;
}
