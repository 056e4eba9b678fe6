import { digestOf } from '../domain/digest.ts';
import type { Repository } from '../domain/image-reference.ts';
import type { Descriptor } from '../domain/manifest.ts';
import { mediaTypes } from '../domain/manifest.ts';
import type { Manifest, Registry } from '../ports/registry.ts';

/** What a manifest says of another content. */
export type Named = Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;

/** What is no image to run (OCI image spec 1.1, manifest.md, "Guidelines for Artifact Usage"). */
export interface Artifact {
  readonly artifactType: string;
  readonly config: Named;
  readonly layers: readonly Named[];
  readonly subject?: Named;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function artifactManifest(artifact: Artifact): Manifest {
  const mediaType = mediaTypes.ociManifest;
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, ...artifact }));
  return { mediaType, digest: digestOf(bytes), bytes };
}

const emptyBlob = new TextEncoder().encode('{}');

/** Puts the empty blob where it is not yet, and names it (manifest.md, "Guidance for an Empty Descriptor"). */
export async function writeEmpty(repository: Repository, registry: Registry, signal: AbortSignal): Promise<Named> {
  const digest = await registry.writeBlob(repository, emptyBlob, signal);
  return { mediaType: 'application/vnd.oci.empty.v1+json', digest, size: emptyBlob.length };
}
