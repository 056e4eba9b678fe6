import { z } from 'zod';
import { RemoteError } from '../errors/errors.ts';
import type { Digest } from './digest.ts';
import { isDigest } from './digest.ts';

/** OCI image spec 1.1, media-types.md, and the Docker types it names as compatible (image manifest version 2, schema 2). */
export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** What a registry is asked for and may answer with. */
export const manifestMediaTypes: readonly string[] = Object.values(mediaTypes);

/** At least this size must be taken by registries (distribution spec 1.1, "Pushing manifests"); nothing larger is read. */
export const maxManifestBytes = 4 * 1024 * 1024;

/** An image's config holds labels and history; more than this is none that a builder makes. */
export const maxConfigBytes = 4 * 1024 * 1024;

const maxEntries = 2_000;

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty when there is none. */
  readonly variant: string;
}

/** OCI image spec 1.1, descriptor.md; size in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of a manifest that refers to another: what it is, such as a signature. Undefined when it is not said. */
  readonly artifactType: string | undefined;
  /** The content may be had from elsewhere: a foreign layer, which a registry need not have. */
  readonly isForeign: boolean;
}

export interface ImageManifest {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The type of what is no image to run; else that of its config decides (OCI image spec 1.1, manifest.md). */
  readonly artifactType: string | undefined;
  /** What this one refers to: that manifest's referrers name it. */
  readonly subject: Descriptor | undefined;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
}

/** The fields of an image's config that are used (OCI image spec 1.1, config.md). */
export interface ImageConfig {
  readonly platform: Platform;
  /** Undefined when it is not said, or not a time of RFC 3339. */
  readonly created: Date | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const textMap = z.record(z.string(), z.string()).nullish();
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'is not sha256: and 64 lower-case hex digits'),
  size: z.int().min(0),
  platform: platform.nullish(),
  annotations: textMap,
  artifactType: z.string().nullish(),
  urls: z.array(z.string()).nullish(),
});
const schemaVersion = z.literal(2);
const common = { annotations: textMap, artifactType: z.string().nullish(), subject: descriptor.nullish() };
const imageManifest = z.object({
  schemaVersion,
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(maxEntries),
  ...common,
});
const imageIndex = z.object({
  schemaVersion,
  mediaType: z.string().optional(),
  manifests: z.array(descriptor).max(maxEntries),
  ...common,
});
const imageConfig = platform.extend({
  created: z.string().nullish(),
  config: z.object({ Labels: textMap }).nullish(),
});

/**
 * Reads a manifest or an index. `mediaType` is what the registry said of it; `where` names it in messages, such as
 * `ghcr.io/org/web:latest`. Throws RemoteError (`registry`) for what is neither, or contradicts its own media type.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string, where: string): ImageManifest | ImageIndex {
  if (!manifestMediaTypes.includes(mediaType))
    throw malformed(where, `is neither a manifest nor an index: its media type is ${quoted(mediaType)}`);
  const json = parseJson(bytes, where, 'manifest');
  const isIndex = mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
  const document = isIndex ? check(imageIndex, json, where, 'index') : check(imageManifest, json, where, 'manifest');
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    throw malformed(where, `says it is ${quoted(document.mediaType)}, but the registry says ${quoted(mediaType)}`);
  }
  const rest = {
    annotations: document.annotations ?? {},
    artifactType: document.artifactType ?? undefined,
    subject: document.subject ? asDescriptor(document.subject) : undefined,
  };
  if ('manifests' in document) return { kind: 'index', manifests: document.manifests.map(asDescriptor), ...rest };
  const layers = document.layers.map(asDescriptor);
  return { kind: 'image', config: asDescriptor(document.config), layers, ...rest };
}

/** Reads an image's config. Throws RemoteError (`registry`) for what is none. */
export function parseImageConfig(bytes: Uint8Array, where: string): ImageConfig {
  const document = check(imageConfig, parseJson(bytes, where, 'image config'), where, 'image config');
  return {
    platform: asPlatform(document),
    created: parseTime(document.created),
    labels: document.config?.Labels ?? {},
  };
}

/** The tag that stands in for the referrers API where a registry has none (distribution spec 1.1, "Referrers Tag Schema"). */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-');
}

/** Of the tags under which cosign keeps what belongs to a digest, behind referrersTag (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md, "Tag-based discovery"). */
export const cosignSuffixes: readonly string[] = ['.sig', '.att', '.sbom'];

/**
 * The images of an index, one for each platform: without attestations, which builders store beside them for the
 * platform `unknown/unknown` (docs.docker.com/build/metadata/attestations/attestation-storage).
 */
export function platformImages(index: ImageIndex): readonly Descriptor[] {
  return index.manifests.filter(
    (entry) => entry.platform?.os !== 'unknown' && !('vnd.docker.reference.type' in entry.annotations),
  );
}

function asDescriptor(entry: z.output<typeof descriptor>): Descriptor {
  const { mediaType, digest, size } = entry;
  return {
    mediaType,
    digest,
    size,
    platform: entry.platform ? asPlatform(entry.platform) : undefined,
    annotations: entry.annotations ?? {},
    artifactType: entry.artifactType ?? undefined,
    isForeign: /\.(?:foreign|nondistributable)\./.test(mediaType) || (entry.urls ?? []).length > 0,
  };
}

function asPlatform({ os, architecture, variant = '' }: z.output<typeof platform>): Platform {
  return { os, architecture, variant };
}

/** A time of RFC 3339; undefined when the text is none. */
export function parseTime(text: string | null | undefined): Date | undefined {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function parseJson(bytes: Uint8Array, where: string, what: string): unknown {
  if (bytes.length > maxManifestBytes) throw malformed(where, `is larger than ${maxManifestBytes} bytes`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw malformed(where, `is not the JSON of an ${what}`.replace('an manifest', 'a manifest'));
  }
}

function check<T extends z.ZodType>(schema: T, json: unknown, where: string, what: string): z.output<T> {
  const answer = schema.safeParse(json);
  if (answer.success) return answer.data;
  const issue = answer.error.issues[0];
  const path = issue?.path.join('.') || 'the document';
  throw malformed(where, `is not a valid ${what}: ${path.slice(0, 200)}: ${issue?.message.slice(0, 200) ?? 'unknown'}`);
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 120));
}

function malformed(where: string, problem: string): RemoteError {
  return new RemoteError('registry', `${where} ${problem}`, { retryable: false });
}
