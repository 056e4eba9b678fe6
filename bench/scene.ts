import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Digest } from '@delivery/core/domain/digest';
import { mediaTypes } from '@delivery/core/domain/manifest';
import { findProgram, until } from '../test/ground/commands.ts';

/** An image by its tag. */
export interface Side {
  readonly host: string;
  readonly path: string;
  readonly tag: string;
  /** All tags of the repository, to say that they are known. */
  readonly tags?: readonly string[];
}

interface Blob {
  readonly digest: Digest;
  readonly size: number;
}

const pieceBytes = 8 * 1024 * 1024;

/** A registry of its own, open to all, on a free port of loopback: Debian's docker-registry. */
export class BenchRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(host: string, folder: string, process: ChildProcess) {
    this.host = host;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(folder: string): Promise<BenchRegistry> {
    const program = findProgram('docker-registry');
    if (program === undefined) throw new Error('docker-registry is missing: apt-get install docker-registry');
    mkdirSync(folder, { recursive: true });
    const host = `127.0.0.1:${await freePort()}`;
    const file = join(folder, 'config.yml');
    const config = {
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: folder } },
      http: { addr: host },
    };
    writeFileSync(file, JSON.stringify(config));
    const started = spawn(program, ['serve', file], { stdio: 'ignore' });
    await until('docker-registry answers', 15_000, async () =>
      fetch(`http://${host}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return new BenchRegistry(host, folder, started);
  }

  /** Puts an image of random bytes there, a layer for each size. */
  async push({ path, tag }: Pick<Side, 'path' | 'tag'>, layerBytes: readonly number[]): Promise<void> {
    const layers = [];
    for (const size of layerBytes) layers.push(await this.#upload(path, randomPieces(size)));
    const config = await this.#upload(path, [
      Buffer.from(
        JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
        }),
      ),
    ]);
    const describe = (mediaType: string, blob: Blob) => ({ mediaType, ...blob });
    await this.#put(`manifests/${tag}`, path, mediaTypes.ociManifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => describe('application/vnd.oci.image.layer.v1.tar', layer)),
    });
  }

  /** Gives an image so many tags, as the registry keeps them on its disk. */
  async addTags({ path, tag }: Pick<Side, 'path' | 'tag'>, count: number): Promise<void> {
    const answer = await fetch(`http://${this.host}/v2/${path}/manifests/${tag}`, {
      headers: { accept: mediaTypes.ociManifest },
    });
    const digest = answer.headers.get('docker-content-digest') ?? '';
    await answer.arrayBuffer();
    const tags = join(this.#folder, 'docker/registry/v2/repositories', path, '_manifests/tags');
    for (let at = 1; at <= count; at++) {
      const current = join(tags, `latest-${at}`, 'current');
      mkdirSync(current, { recursive: true });
      writeFileSync(join(current, 'link'), digest);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }

  async #upload(path: string, pieces: Iterable<Buffer>): Promise<Blob> {
    const base = `http://${this.host}/v2/${path}/blobs/uploads/`;
    let location = (await this.#send('POST', base)).headers.get('location') ?? '';
    const hash = createHash('sha256');
    let size = 0;
    for (const piece of pieces) {
      hash.update(piece);
      const headers = {
        'content-type': 'application/octet-stream',
        'content-range': `${size}-${size + piece.length - 1}`,
      };
      size += piece.length;
      location = (await this.#send('PATCH', location, headers, piece)).headers.get('location') ?? '';
    }
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    const closing = new URL(location);
    closing.searchParams.set('digest', digest);
    await this.#send('PUT', closing.href);
    return { digest, size };
  }

  async #put(endpoint: string, path: string, mediaType: string, document: object): Promise<void> {
    const url = `http://${this.host}/v2/${path}/${endpoint}`;
    await this.#send('PUT', url, { 'content-type': mediaType }, Buffer.from(JSON.stringify(document)));
  }

  async #send(method: string, url: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Response> {
    const response = await fetch(url, { method, headers, ...(body && { body: Uint8Array.from(body) }) });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  }
}

function* randomPieces(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= pieceBytes) yield randomBytes(Math.min(left, pieceBytes));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
