import { artifactManifest, writeEmpty } from '@delivery/core/action/artifact';
import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { formatRepository } from '@delivery/core/domain/image-reference';
import { parseManifest } from '@delivery/core/domain/manifest';
import { ActionError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import { z } from 'zod';

/**
 * What a run is about to delete, kept in the repository itself while it does: once an index is gone, nothing else leads to its
 * children. The next run goes on with what is left (docs/prune-builds.md, "Interrupted").
 */
export const journalTag = 'prune-journal';

const artifactType = 'application/vnd.fragalysis-actions.prune-journal.v1+json';
const maxBytes = 32 * 1024 * 1024;

export interface Journal {
  /** Of its own manifest. */
  readonly digest: Digest;
  readonly digests: readonly Digest[];
}

const content = z.object({ digests: z.array(z.string().refine(isDigest)) });

/** Undefined when no run has left one. Throws ActionError `journal` for what this action has not written. */
export async function readJournal(
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<Journal | undefined> {
  const manifest = await registry.readManifest(repository, journalTag, signal);
  if (!manifest) return undefined;
  const where = `${formatRepository(repository)}:${journalTag}`;
  const parsed = parseManifest(manifest.bytes, manifest.mediaType, where);
  const layer = parsed.kind === 'image' && parsed.artifactType === artifactType ? parsed.layers[0] : undefined;
  if (!layer) throw foreign(where);
  const bytes = await registry.readBlob(repository, layer.digest, maxBytes, signal);
  return { digest: manifest.digest, digests: parse(bytes, where) };
}

/** Writes the digests in the place of an earlier journal; gives the digest of the manifest. Throws ActionError `journal` when it is not there afterwards. */
export async function writeJournal(
  digests: readonly Digest[],
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<Digest> {
  const list = new TextEncoder().encode(JSON.stringify({ digests }));
  const layer = await registry.writeBlob(repository, list, signal);
  const config = await writeEmpty(repository, registry, signal);
  const layers = [{ mediaType: 'application/json', digest: layer, size: list.length }];
  const manifest = artifactManifest({ artifactType, config, layers });
  const { digest } = manifest;
  await registry.writeManifest(repository, journalTag, manifest, signal);
  const there = await registry.readManifest(repository, journalTag, signal);
  if (there?.digest === digest) return digest;
  throw new ActionError('journal', `${formatRepository(repository)}:${journalTag} was not kept as it was written`, {
    hint: 'Nothing was deleted. Does another run prune the same repository at the same time?',
  });
}

function parse(bytes: Uint8Array, where: string): readonly Digest[] {
  try {
    return content.parse(JSON.parse(new TextDecoder().decode(bytes))).digests;
  } catch {
    throw foreign(where);
  }
}

function foreign(where: string): ActionError {
  return new ActionError('journal', `${where} is no journal of this action`, {
    hint: 'This action keeps that tag for itself: give what is there another one.',
  });
}
