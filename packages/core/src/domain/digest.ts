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
