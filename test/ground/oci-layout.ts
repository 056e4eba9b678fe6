import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Writes an image of one layer, a tar file, as an OCI image layout (image spec 1.0, image-layout.md) with one tag. */
export async function writeLayout(dir: string, tar: string, tag: string, config: ImageConfig): Promise<void> {
  mkdirSync(join(dir, 'blobs', 'sha256'), { recursive: true });
  const { layer, diffId } = await writeLayer(dir, tar);
  const configBlob = writeBlob(dir, 'application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...(config.entrypoint && { Entrypoint: config.entrypoint }),
      ...(config.command && { Cmd: config.command }),
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'test/ground' }],
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = writeBlob(dir, mediaType, { schemaVersion: 2, mediaType, config: configBlob, layers: [layer] });
  const annotations = { 'org.opencontainers.image.ref.name': tag, 'io.containerd.image.name': tag };
  writeFileSync(join(dir, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
}

async function writeLayer(dir: string, tar: string): Promise<{ layer: Descriptor; diffId: string }> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  let size = 0;
  const file = join(dir, 'layer');
  const before = new PassThrough().on('data', (chunk: Buffer) => plain.update(chunk));
  const after = new PassThrough().on('data', (chunk: Buffer) => {
    packed.update(chunk);
    size += chunk.length;
  });
  await pipeline(createReadStream(tar), before, createGzip({ level: 4 }), after, createWriteStream(file));
  const digest = packed.digest('hex');
  renameSync(file, join(dir, 'blobs', 'sha256', digest));
  rmSync(tar);
  return {
    layer: { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${digest}`, size },
    diffId: `sha256:${plain.digest('hex')}`,
  };
}

function writeBlob(dir: string, mediaType: string, document: object): Descriptor {
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(dir, 'blobs', 'sha256', digest), bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}
