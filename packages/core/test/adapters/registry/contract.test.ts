import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import type { Clock } from '@delivery/core/ports/clock';
import { registryContract } from '@delivery/testing/contracts/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import type { RegistryServerOptions } from '@delivery/testing/registry-server';
import { RegistryServer } from '@delivery/testing/registry-server';
import { setTimeout as pause } from 'node:timers/promises';

let repositories = 0;

for (const deletesTags of [true, false]) {
  registryContract(`the fake (deletes tags: ${deletesTags})`, async () => {
    const registry = new FakeRegistry();
    registry.deletesTags = deletesTags;
    const hosts = { here: 'registry.test', elsewhere: 'other.test' };
    return {
      registry,
      other: registry,
      deletesTags,
      newRepository: (place = 'here') => ({ host: hosts[place], path: `contract/${++repositories}` }),
      seedBlob: async (repository, bytes) => registry.seedBlob(repository, bytes),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
}

/** Twenty times as fast as time, but in the same order: two writers do wait for each other. */
const briskClock: Clock = { now: () => new Date(), sleep: async (ms, signal) => pause(ms / 20, undefined, { signal }) };
const users = { ci: { password: 'secret', push: true } };
const servers: Record<string, RegistryServerOptions> = {
  'open to all': {},
  'with basic auth': { auth: 'basic', users },
  'with tokens': { auth: 'bearer', users },
  'that can do nothing which it need not': {
    can: { referrers: false, mount: false, range: false, deleteTags: false, resume: false },
  },
  'with pages of one referrer': { auth: 'bearer', users, referrersPage: 1 },
};

for (const [name, options] of Object.entries(servers)) {
  registryContract(`the adapter over HTTP, with a registry ${name}`, async () => {
    const server = await RegistryServer.start(options);
    const elsewhere = await RegistryServer.start({ auth: 'basic', users });
    const hosts = [server.host, elsewhere.host];
    const credentials = givenLogin({ username: 'ci', password: 'secret', from: 'the test' }, hosts);
    const connect = () => connectRegistry({ clock: briskClock, credentials });
    return {
      registry: connect(),
      other: connect(),
      deletesTags: options.can?.deleteTags ?? true,
      newRepository: (place = 'here') =>
        (place === 'here' ? server : elsewhere).repository(`contract/${++repositories}`),
      seedBlob: async ({ host, path }, bytes) =>
        [server, elsewhere].find((one) => one.host === host)!.store.putBlob(path, bytes),
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await elsewhere[Symbol.asyncDispose]();
      },
    };
  });
}
