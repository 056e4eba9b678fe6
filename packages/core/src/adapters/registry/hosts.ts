import { BlockList } from 'node:net';

/** Docker Hub's names: images say docker.io, its API answers at another host, and logins are kept under a third name. */
const hub = { image: ['docker.io', 'index.docker.io'], api: 'registry-1.docker.io' };

/** The key of Docker Hub in docker's config.json and for its credential helpers (docker/cli, `registry.IndexServer`). */
export const hubLoginKey = 'https://index.docker.io/v1/';

export function isHub(host: string): boolean {
  return hub.image.includes(host) || host === hub.api;
}

/** `localhost`, 127.0.0.0/8 and ::1: what docker speaks plain http to. `host` with or without a port. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Where the API of a registry is: http on loopback, https everywhere else, never the one in place of the other. */
export function apiOrigin(host: string): string {
  if (isHub(host)) return `https://${hub.api}`;
  return `${isLoopback(host) ? 'http' : 'https'}://${host}`;
}

/** True when secrets or contents may go from `from` to `to` without losing TLS: https, or http that stays on loopback. */
export function keepsTransport(from: URL, to: URL): boolean {
  return to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && isLoopback(to.host));
}

/** RFC 1918, RFC 3927, RFC 4193, RFC 4291, and what Linux takes for loopback: 0.0.0.0/8 and `::`. */
const internal = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  internal.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  internal.addSubnet(network, prefix, 'ipv6');

/** Whether an address is written as one of loopback, of a private network or of one link. Names are not looked up. */
function isInternal({ hostname }: URL): boolean {
  if (/^(?:.+\.)?localhost\.?$/.test(hostname)) return true;
  if (hostname.startsWith('[')) return internal.check(hostname.slice(1, -1), 'ipv6');
  return /^[\d.]+$/.test(hostname) && internal.check(hostname, 'ipv4');
}

/** True when a registry that is not in the runner's own network names an address that is: what answers there was not meant for it. */
export function leadsInside(registry: URL, to: URL): boolean {
  return isInternal(to) && !isInternal(registry);
}

/**
 * Whether a login for the registry may be given to the token service that the registry names. A registry could ask for
 * the login itself, so a realm of its own is no wider; but a registry that fronts another one may pass on that one's
 * challenge, and the login must not go there. So: the same host (any port), a host below the registry's parent domain
 * (registry.gitlab.com and gitlab.com, registry-1.docker.io and auth.docker.io), or one that is trusted by name.
 */
export function mayReceiveLogin(registry: URL, realm: URL, trusted: readonly string[]): boolean {
  if (realm.hostname === registry.hostname || trusted.includes(realm.host)) return true;
  if (isLoopback(registry.host)) return isLoopback(realm.host);
  if (/^[\d.]+$|^\[/.test(registry.hostname)) return false;
  const labels = registry.hostname.split('.');
  const parent = (labels.length > 2 ? labels.slice(1) : labels).join('.');
  return parent.includes('.') && (realm.hostname === parent || realm.hostname.endsWith(`.${parent}`));
}
