import { digestOf } from '@delivery/core/domain/digest';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { RegistryOptions } from '@delivery/core/adapters/registry/client';
import type { BlobArrival, Registry } from '@delivery/core/ports/registry';
import type { RequestHead } from '@delivery/testing/registry-server';
import { RegistryServer } from '@delivery/testing/registry-server';
import { connect, InstantClock, never, randomBytes, users } from './setup.ts';

const path = 'org/promoted';
const bytes = randomBytes(600_000);
const blob = { digest: digestOf(bytes), size: bytes.length };

/** Two registries with tokens, one of them with a blob, and the adapter that can read and write both. */
export class CopyScene implements AsyncDisposable {
  readonly bytes = bytes;
  readonly blob = blob;
  readonly clock = new InstantClock();
  readonly source: RegistryServer;
  readonly target: RegistryServer;
  registry: Registry;

  private constructor(source: RegistryServer, target: RegistryServer) {
    this.source = source;
    this.target = target;
    source.store.putBlob('org/web', this.bytes);
    this.registry = this.connect();
  }

  /** `resume`: of the target; `range`: of the source. */
  static async start({ resume = true, range = true } = {}): Promise<CopyScene> {
    const source = await RegistryServer.start({ auth: 'bearer', users, can: { range } });
    return new CopyScene(source, await RegistryServer.start({ auth: 'bearer', users, can: { resume } }));
  }

  connect(options: Partial<RegistryOptions> = {}): Registry {
    const login = { username: 'ci', password: users.ci.password, from: 'the inputs' };
    const credentials = givenLogin(login, [this.source.host, this.target.host]);
    return connect({ clock: this.clock, credentials, ...options });
  }

  async copy(blob: CopyScene['blob'] = this.blob, signal: AbortSignal = never): Promise<BlobArrival> {
    return this.registry.copyBlob(blob, this.source.repository('org/web'), this.target.repository(path), signal);
  }

  get isThere(): boolean {
    return this.target.store.blob(path, this.blob.digest)?.length === this.blob.size;
  }

  /** Whether anything is left of a copy that has failed. */
  get isClean(): boolean {
    return !this.isThere && this.target.uploads.size === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
    await this.target[Symbol.asyncDispose]();
  }
}

/** Bytes of blobs that a server has taken or given. */
export function blobBytes(server: RegistryServer, way: 'received' | 'sent'): number {
  const good = server.requests.filter(({ status, target }) => status < 300 && !target.startsWith('/token'));
  return good.reduce((sum, request) => sum + request[way], 0);
}

export const withToken = ({ headers }: RequestHead) => headers.authorization?.startsWith('Bearer ') === true;
export const put = ({ method }: RequestHead) => method === 'PUT' || method === 'PATCH';
export const download = (head: RequestHead) =>
  head.method === 'GET' && head.target.includes('/blobs/sha256:') && withToken(head);
