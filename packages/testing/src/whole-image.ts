import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { mediaTypes, referrersTag } from '@delivery/core/domain/manifest';
import type { Manifest } from '@delivery/core/ports/registry';
import type { ImageFixture } from './image-fixture.ts';
import { imageFixture } from './image-fixture.ts';

/** An image with all that goes with it, in an order in which it can be pushed. */
export interface WholeImage {
  readonly root: Manifest;
  readonly blobs: readonly Uint8Array[];
  /** `reference` is a tag or the manifest's own digest. */
  readonly manifests: readonly { readonly reference: string; readonly manifest: Manifest }[];
  /** What refers to a digest, by the referrers API or its fallback. */
  readonly referrers: ReadonlyMap<Digest, readonly Digest[]>;
}

const empty = new TextEncoder().encode('{}');
const emptyType = 'application/vnd.oci.empty.v1+json';

/** An image of that many layers, each of `bytes` bytes. */
export function layeredImage(layers: readonly Uint8Array[], name = 'layered'): ImageFixture {
  const config = encode({ architecture: 'amd64', os: 'linux', name, rootfs: { type: 'layers', diff_ids: [] } });
  const manifest = manifestOf(mediaTypes.ociManifest, {
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
  });
  return { manifest, blobs: [config, ...layers] };
}

/** An artifact that refers to `subject`, as those of OCI image spec 1.1, manifest.md, "Guidelines for Artifact Usage". */
export function referrerOf(
  subject: Manifest,
  artifactType: string,
  annotations: Readonly<Record<string, string>> = {},
) {
  const config = describe(emptyType, empty);
  const { mediaType, bytes } = subject;
  const content = { artifactType, config, layers: [config], subject: describe(mediaType, bytes), annotations };
  return { manifest: manifestOf(mediaTypes.ociManifest, content), blobs: [empty] };
}

/** An index of one platform with a record that refers to it: the smallest that has a bit of everything. */
export function smallWholeImage(name: string): WholeImage {
  const platform = imageFixture({ labels: { name }, layer: name });
  const index = manifestOf(mediaTypes.ociIndex, {
    manifests: [
      {
        ...describe(platform.manifest.mediaType, platform.manifest.bytes),
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ],
  });
  const record = referrerOf(index, 'application/vnd.fragalysis-actions.record.v1+json', { event: 'tested', name });
  const pushed = [platform, { manifest: index, blobs: [] }, record];
  return {
    root: index,
    blobs: pushed.flatMap(({ blobs }) => blobs),
    manifests: pushed.map(({ manifest }) => ({ reference: manifest.digest, manifest })),
    referrers: new Map([[index.digest, [record.manifest.digest]]]),
  };
}

/**
 * As buildx, cosign and the delivery ledger leave it: two platforms, an attestation for each in the index, a signature of the index with a
 * countersignature, a bill of materials of one platform, two records, and cosign's older tags.
 */
export function wholeImage(name = 'whole'): WholeImage {
  const architectures = ['amd64', 'arm64'];
  const platforms = architectures.map((architecture) =>
    imageFixture({ architecture, labels: { name }, layer: `${name} ${architecture}` }),
  );
  const attestations = platforms.map(({ manifest }) =>
    layeredImage([encode({ predicate: name, of: manifest.digest })]),
  );
  const index = manifestOf(mediaTypes.ociIndex, {
    manifests: [
      ...platforms.map(({ manifest }, at) => ({
        ...describe(manifest.mediaType, manifest.bytes),
        platform: { os: 'linux', architecture: architectures[at] },
      })),
      ...attestations.map(({ manifest }, at) => ({
        ...describe(manifest.mediaType, manifest.bytes),
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: {
          'vnd.docker.reference.digest': platforms[at]?.manifest.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
      })),
    ],
  });
  const [first] = platforms as [ImageFixture];
  const signature = referrerOf(index, 'application/vnd.dev.cosign.artifact.sig.v1+json', { name });
  const countersignature = referrerOf(signature.manifest, 'application/vnd.example.countersignature');
  const materials = referrerOf(first.manifest, 'application/spdx+json', { name });
  const records = ['built', 'tested'].map((event) =>
    referrerOf(index, 'application/vnd.fragalysis-actions.record.v1+json', { event, name }),
  );
  const oldSignature = layeredImage([encode({ signature: name })], 'signature');
  const oldAttestation = layeredImage([encode({ attestation: name })], 'attestation');
  const byDigest = [
    ...platforms,
    ...attestations,
    { manifest: index, blobs: [] },
    signature,
    countersignature,
    materials,
  ];
  const pushed = [
    ...[...byDigest, ...records].map(({ manifest, blobs }) => ({
      reference: manifest.digest,
      manifest,
      blobs,
    })),
    { reference: `${referrersTag(index.digest)}.sig`, ...oldSignature },
    { reference: `${referrersTag(first.manifest.digest)}.att`, ...oldAttestation },
  ];
  const digests = (...images: readonly { manifest: Manifest }[]) => images.map(({ manifest }) => manifest.digest);
  return {
    root: index,
    blobs: pushed.flatMap(({ blobs }) => blobs),
    manifests: pushed.map(({ reference, manifest }) => ({ reference, manifest })),
    referrers: new Map([
      [index.digest, digests(signature, ...records)],
      [signature.manifest.digest, digests(countersignature)],
      [first.manifest.digest, digests(materials)],
    ]),
  };
}

function describe(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function manifestOf(mediaType: string, content: object): Manifest {
  const bytes = encode({ schemaVersion: 2, mediaType, ...content });
  return { mediaType, digest: digestOf(bytes), bytes };
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
