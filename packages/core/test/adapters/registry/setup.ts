import type { RegistryOptions } from '@delivery/core/adapters/registry/client';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { Clock } from '@delivery/core/ports/clock';
import type { Registry } from '@delivery/core/ports/registry';
import type { ImageFixture } from '@delivery/testing/image-fixture';
import { randomOf } from '@delivery/testing/random';
import type { RegistryServer } from '@delivery/testing/registry-server';

export const never = new AbortController().signal;
export const users = {
  ci: { password: 'pa:ss wörd', push: true, identityToken: 'refresh+me' },
  reader: { password: 'read-only', push: false },
};

/** A clock whose sleeps are over at once; it keeps how long they were. */
export class InstantClock implements Clock {
  readonly slept: number[] = [];
  #now = Date.parse('2026-09-15T16:00:00Z');

  now(): Date {
    return new Date(this.#now);
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.slept.push(ms);
    this.pass(ms);
  }
}

export function login(server: RegistryServer, username: keyof typeof users): RegistryOptions['credentials'] {
  return givenLogin({ username, password: users[username].password, from: 'the inputs' }, [server.host]);
}

/** Bytes that no program makes shorter, the same in every run. */
export function randomBytes(size: number): Buffer {
  const random = randomOf(size);
  return Buffer.from(Uint8Array.from({ length: size }, () => random() * 256));
}

/** The adapter with no login and a clock that never waits, unless told otherwise. */
export function connect(options: Partial<RegistryOptions> = {}): Registry {
  return connectRegistry({ clock: new InstantClock(), credentials: async () => undefined, ...options });
}

export function seed(server: RegistryServer, { path }: Repository, tag: string, image: ImageFixture): void {
  for (const blob of image.blobs) server.store.putBlob(path, blob);
  server.store.putManifest(path, tag, image.manifest.mediaType, image.manifest.bytes);
}

/** `METHOD /path STATUS` of each request, in order. */
export function requestsOf(server: RegistryServer): string[] {
  return server.requests.map(({ method, target, status }) => `${method} ${target.split('?')[0] ?? ''} ${status}`);
}

/** What a promise rejects with; the test fails when it does not. */
export async function errorOf(promise: Promise<unknown>): Promise<RemoteError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as RemoteError,
  );
}
