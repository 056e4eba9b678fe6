// A hash has no effect and knows nothing of the world; that of the web platform would make every caller wait for a thread.
// eslint-disable-next-line @typescript-eslint/no-restricted-imports
import { createHash } from 'node:crypto';

/**
 * A content digest, `sha256:` and 64 lower-case hex digits (OCI image spec 1.1, descriptor.md, "Digests").
 * sha512 is registered there as well, but no registry or builder in use makes it: refused.
 */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** The first twelve hex digits, as people compare them. */
export function shortDigest(digest: Digest): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

/** Of what a registry stores: its bytes as they are. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
