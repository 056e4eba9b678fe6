import type { Digest } from '../../domain/digest.ts';
import { digestOf, isDigest } from '../../domain/digest.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import { maxManifestBytes, mediaTypes, parseManifest, referrersTag } from '../../domain/manifest.ts';
import type { Manifest } from '../../ports/registry.ts';
import type { Connection } from './connection.ts';
import { RegistryError } from './failure.ts';
import { manifestUrl, putManifest, readManifest } from './manifests.ts';
import { pauseMs } from './token.ts';

/** How often a tag that another writer has taken is taken back, with what both wrote. */
const writes = 5;
/** From a write to the look at what has become of it: another writer, who had read before it, has written by then. Milliseconds. */
const settlingMs = 400;

/** The index as it is stored: what is not known of it stays as it is. */
type Index = Record<string, unknown> & { manifests: ({ digest: Digest } & Record<string, unknown>)[] };

/** What refers to another manifest. */
export interface Referrer {
  readonly subject: Digest;
  /** As it stands in the index (distribution spec 1.1, "Pushing Manifests with Subject"). */
  readonly entry: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
}

/** What a manifest says of itself as a referrer; undefined when it has no subject. Throws RemoteError for one that is malformed. */
export function asReferrer({ mediaType, digest, bytes }: Manifest, where: string): Referrer | undefined {
  if (!Buffer.from(bytes).includes('"subject"')) return undefined;
  const content = parseManifest(bytes, mediaType, where);
  if (!content.subject) return undefined;
  const { annotations } = content;
  const artifactType = content.artifactType ?? (content.kind === 'image' ? content.config.mediaType : undefined);
  const entry = {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  return { subject: content.subject.digest, entry };
}

/**
 * Lists a referrer under the tag that stands in for the referrers API ("Referrers Tag Schema"). Registries know no condition
 * for a write, so it looks afterwards whether another writer has taken the tag, and merges again. Within one process
 * the caller lets them take turns.
 */
export async function listReferrer(
  connection: Connection,
  repository: Repository,
  { subject, entry }: Referrer,
  signal: AbortSignal,
): Promise<void> {
  const tag = referrersTag(subject);
  const where = `${formatRepository(repository)}:${tag}`;
  for (let written = 0; ; written++) {
    const index = await readIndex(connection, repository, tag, signal);
    if (index.manifests.some(({ digest }) => digest === entry.digest)) return;
    if (written === writes) {
      throw new RegistryError(
        `${where} is taken by other writers again and again: ${entry.digest} is not listed in it`,
        {
          status: 409,
          retryable: true,
        },
      );
    }
    await putIndex(connection, repository, tag, { ...index, manifests: [...index.manifests, { ...entry }] }, signal);
    await connection.clock.sleep(settlingMs * (1 + Math.random()), signal);
  }
}

async function readIndex(
  connection: Connection,
  repository: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<Index> {
  const stored = await readManifest(connection, repository, tag, signal);
  if (!stored) return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] };
  const where = `${formatRepository(repository)}:${tag}`;
  if (parseManifest(stored.bytes, stored.mediaType, where).kind !== 'index') {
    throw new RegistryError(`${where} is no index of referrers, as its name says; it is not overwritten`, {
      status: 409,
      retryable: false,
    });
  }
  const index = JSON.parse(new TextDecoder().decode(stored.bytes)) as Index;
  return { ...index, mediaType: stored.mediaType };
}

/** Entries whose manifests are gone, as after a cleaning that was cut short, are left out where the registry insists on it. */
async function putIndex(
  connection: Connection,
  repository: Repository,
  tag: string,
  index: Index,
  signal: AbortSignal,
): Promise<void> {
  try {
    await putManifest(connection, repository, tag, toManifest(index), signal);
  } catch (error) {
    if (!(error instanceof RegistryError) || ![400, 404].includes(error.status ?? 0)) throw error;
    const manifests = [];
    for (const entry of index.manifests) {
      if (!(await isGone(connection, repository, entry.digest, signal))) manifests.push(entry);
    }
    if (manifests.length === index.manifests.length) throw error;
    await putManifest(connection, repository, tag, toManifest({ ...index, manifests }), signal);
  }
}

/** Asked twice: what is there is not seen now and then. */
async function isGone(
  connection: Connection,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isDigest(digest)) return true;
  if (await isThere(connection, repository, digest, signal)) return false;
  await connection.clock.sleep(pauseMs, signal);
  return !(await isThere(connection, repository, digest, signal));
}

/** Distribution spec 1.1, "Checking if content exists in the registry". */
async function isThere(
  connection: Connection,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const what = `looking for ${digest} in ${formatRepository(repository)}`;
  const headers = { accept: Object.values(mediaTypes).join(', ') };
  const url = manifestUrl(repository, digest);
  const wanted = { repository, access: 'pull' } as const;
  const request = { method: 'HEAD', url, headers, maxBytes: maxManifestBytes, what, signal } as const;
  const answer = await connection.send(request, wanted);
  if (answer.status === 404) return false;
  if (answer.status !== 200) throw await connection.refusal(what, answer, wanted, signal);
  return true;
}

function toManifest(index: Index): Manifest {
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const mediaType = typeof index['mediaType'] === 'string' ? index['mediaType'] : mediaTypes.ociIndex;
  return { mediaType, digest: digestOf(bytes), bytes };
}
