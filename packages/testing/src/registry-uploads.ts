import { digestOf } from '@delivery/core/domain/digest';
import { randomBytes } from 'node:crypto';
import type { RegistryStore } from './registry-store.ts';
import type { ServerAnswer, ServerRequest } from './server-answer.ts';
import { errorAnswer } from './server-answer.ts';

/** The uploads of a RegistryServer that are open (distribution spec 1.1, "Pushing blobs"). */
export class RegistryUploads {
  readonly #store: RegistryStore;
  readonly #open = new Map<string, { readonly path: string; readonly parts: Uint8Array[]; isCut: boolean }>();
  readonly #isResumable: boolean;

  /** Not resumable: an upload that was cut is lost, as with distribution 2.8. */
  constructor(store: RegistryStore, isResumable: boolean) {
    this.#store = store;
    this.#isResumable = isResumable;
  }

  /** How many were begun and neither ended nor given up. */
  get size(): number {
    return this.#open.size;
  }

  begin(path: string): ServerAnswer {
    const id = randomBytes(8).toString('hex');
    this.#open.set(id, { path, parts: [], isCut: false });
    return this.#state(202, id);
  }

  /** Keeps what came of a request's body before it was cut. */
  keep(id: string, bytes: Uint8Array): void {
    const upload = this.#open.get(id);
    if (!upload) return;
    upload.parts.push(Uint8Array.from(bytes));
    upload.isCut = true;
  }

  answer(id: string, { method, headers, body }: ServerRequest, url: URL): ServerAnswer {
    const upload = this.#open.get(id);
    if (!upload || (upload.isCut && !this.#isResumable && method !== 'DELETE'))
      return errorAnswer(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    if (method === 'DELETE') {
      this.#open.delete(id);
      return { status: 204, headers: {}, body: new Uint8Array() };
    }
    if (method === 'GET') return this.#state(204, id);
    const [, start] = /^(\d+)-\d+$/.exec(headers['content-range'] ?? '') ?? [];
    if (start !== undefined && Number(start) !== sizeOf(upload.parts))
      return errorAnswer(416, 'RANGE_INVALID', 'not where the upload is');
    upload.parts.push(body);
    return method === 'PATCH' ? this.#state(202, id) : this.#end(id, url.searchParams.get('digest') ?? '');
  }

  #end(id: string, digest: string): ServerAnswer {
    const { path = '', parts = [] } = this.#open.get(id) ?? {};
    const bytes = Buffer.concat(parts);
    this.#open.delete(id);
    if (digestOf(bytes) !== digest) return errorAnswer(400, 'DIGEST_INVALID', 'provided digest did not match');
    this.#store.putBlob(path, bytes);
    return { status: 201, headers: { location: `/v2/${path}/blobs/${digest}` }, body: new Uint8Array() };
  }

  #state(status: number, id: string): ServerAnswer {
    const { path = '', parts = [] } = this.#open.get(id) ?? {};
    const range = `0-${Math.max(0, sizeOf(parts) - 1)}`;
    return { status, headers: { location: `/v2/${path}/blobs/uploads/${id}?_state=x`, range }, body: new Uint8Array() };
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
