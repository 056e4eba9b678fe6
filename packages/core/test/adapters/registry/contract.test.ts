import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { givenLogin } from '@delivery/core/adapters/registry/credentials';
import { systemClock } from '@delivery/core/adapters/clock';
import { registryContract } from '@delivery/testing/contracts/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { RegistryServer } from '@delivery/testing/registry-server';

let repositories = 0;

registryContract('the fake', async () => {
  const registry = new FakeRegistry();
  return {
    registry,
    newRepository: () => ({ host: 'registry.test', path: `contract/${++repositories}` }),
    seedBlob: async (repository, bytes) => registry.seedBlob(repository, bytes),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

for (const auth of [undefined, 'basic', 'bearer'] as const) {
  registryContract(`the adapter over HTTP (auth: ${auth ?? 'none'})`, async () => {
    const users = { ci: { password: 'secret', push: true } };
    const server = await RegistryServer.start(auth ? { auth, users } : {});
    const credentials = givenLogin({ username: 'ci', password: 'secret', from: 'the test' }, [server.host]);
    return {
      registry: connectRegistry({ clock: systemClock, credentials }),
      newRepository: () => server.repository(`contract/${++repositories}`),
      seedBlob: async ({ path }, bytes) => server.store.putBlob(path, bytes),
      [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
    };
  });
}
