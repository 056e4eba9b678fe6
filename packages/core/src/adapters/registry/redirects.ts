import { RegistryError } from './failure.ts';
import { keepsTransport, leadsInside } from './hosts.ts';
import type { HttpAnswer, HttpRequest, Transport } from './transport.ts';

const maxRedirects = 5;
const redirects = [301, 302, 303, 307, 308];

/**
 * Follows the redirects of a blob to where the registry stores it. `send` decides what goes with a request: no login and no token
 * may leave the registry's own origin; the address elsewhere is signed where that is needed. TLS is never given up on the way.
 */
export async function followRedirects(first: HttpAnswer, request: HttpRequest, send: Transport): Promise<HttpAnswer> {
  let answer = first;
  for (let hops = 0; redirects.includes(answer.status); hops++) {
    const target = URL.parse(answer.headers.get('location') ?? '', answer.url.href);
    const refused = (why: string) =>
      new RegistryError(`${request.what} failed: ${answer.url.host} ${why}`, {
        status: answer.status,
        retryable: false,
      });
    if (!target || !/^https?:$/.test(target.protocol)) throw refused('sends on to no usable address');
    if (target.username !== '' || target.password !== '') throw refused('sends on to an address with a password in it');
    if (leadsInside(request.url, target)) throw refused(`sends on into the runner's network, to ${target.host}`);
    if (!keepsTransport(answer.url, target)) throw refused(`sends on to ${target.host} without TLS`);
    if (hops === maxRedirects) throw refused(`sends on more than ${maxRedirects} times`);
    answer = await send({ ...request, url: target });
  }
  return answer;
}
