import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { mediaTypes } from '@delivery/core/domain/manifest';
import type { Manifest } from '@delivery/core/ports/registry';

export interface ImageFixture {
  readonly manifest: Manifest;
  /** The config first, then the layers. */
  readonly blobs: readonly Uint8Array[];
}

/** A small image as a builder would push it; every value has a default, and the same values give the same bytes. */
export function imageFixture(
  options: {
    labels?: Readonly<Record<string, string>>;
    created?: string;
    architecture?: string;
    layer?: string;
    docker?: boolean;
  } = {},
): ImageFixture {
  const {
    labels = {},
    created = '2026-09-15T16:00:00Z',
    architecture = 'amd64',
    layer = 'a layer',
    docker = false,
  } = options;
  const types = docker
    ? {
        manifest: mediaTypes.dockerManifest,
        config: 'application/vnd.docker.container.image.v1+json',
        layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      }
    : {
        manifest: mediaTypes.ociManifest,
        config: 'application/vnd.oci.image.config.v1+json',
        layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
      };
  const layerBytes = new TextEncoder().encode(layer);
  const rootfs = { type: 'layers', diff_ids: [digestOf(layerBytes)] };
  const config = toBytes({ architecture, os: 'linux', created, config: { Labels: labels }, rootfs });
  const manifest = manifestOf(types.manifest, {
    config: describe(types.config, config),
    layers: [describe(types.layer, layerBytes)],
  });
  return { manifest, blobs: [config, layerBytes] };
}

/** A small artifact that refers to `subject`: everything in its annotations, as records of the ledger are. */
export function artifactFixture(subject: Manifest, annotations: Readonly<Record<string, string>>): ImageFixture {
  const empty = toBytes({});
  const descriptor = describe('application/vnd.oci.empty.v1+json', empty);
  const manifest = manifestOf(mediaTypes.ociManifest, {
    artifactType: 'application/vnd.test.note',
    config: descriptor,
    layers: [descriptor],
    subject: describe(subject.mediaType, subject.bytes),
    annotations,
  });
  return { manifest, blobs: [empty] };
}

/** An index of images, for the architectures arch0, arch1 and so on. */
export function indexFixture(images: readonly Manifest[], docker = false): Manifest {
  const manifests = images.map(({ mediaType, bytes }, at) => ({
    ...describe(mediaType, bytes),
    platform: { os: 'linux', architecture: `arch${at}` },
  }));
  return manifestOf(docker ? mediaTypes.dockerList : mediaTypes.ociIndex, { manifests });
}

function manifestOf(mediaType: string, content: object): Manifest {
  const bytes = toBytes({ schemaVersion: 2, mediaType, ...content });
  return { mediaType, digest: digestOf(bytes), bytes };
}

function describe(mediaType: string, bytes: Uint8Array): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function toBytes(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
