import type { KeyObject } from 'node:crypto';
import { createHash, createPublicKey, randomUUID, sign } from 'node:crypto';
import type { Access } from './rights.ts';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The key's id as the registry computes it: 240 bits of SHA-256 over the DER key, base32 in groups of four (docs/spec/auth/jwt, "kid"). */
export function keyId(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const bytes = createHash('sha256').update(der).digest().subarray(0, 30);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.replace(/.{5}/g, (five) => base32.charAt(parseInt(five, 2)));
  return letters.replace(/.{4}(?=.)/g, '$&:');
}

function encode(document: object): string {
  return Buffer.from(JSON.stringify(document)).toString('base64url');
}

/** A signed token that opens what `access` says for `lifetimeS` seconds. */
export function signToken(
  key: KeyObject,
  claims: { issuer: string; subject: string; audience: string; access: readonly Access[] },
  times: { nowS: number; lifetimeS: number },
): string {
  const head = encode({ typ: 'JWT', alg: 'RS256', kid: keyId(key) });
  const body = encode({
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audience,
    access: claims.access,
    jti: randomUUID(),
    iat: times.nowS,
    // Clocks of one machine differ by rounding only.
    nbf: times.nowS - 5,
    exp: times.nowS + times.lifetimeS,
  });
  return `${head}.${body}.${sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url')}`;
}
