import { systemClock } from '@delivery/core/adapters/clock';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { givenLogin, runnerLogins } from '@delivery/core/adapters/registry/credentials';
import { registryContract } from '@delivery/testing/contracts/registry';
import { fakeExec } from '@delivery/testing/fake-exec';
import { imageFixture } from '@delivery/testing/image-fixture';
import { uploadBlob } from '@delivery/testing/upload-blob';
import { readState } from '../ground/state.ts';

const never = new AbortController().signal;
let repositories = 0;
/** Registries outlive a run of the tests: a name is not used twice. */
const newPath = () => `contract/${Date.now()}-${++repositories}`;

for (const auth of ['basic', 'bearer'] as const) {
  registryContract(`the adapter with the ground's registry (auth: ${auth}), logged in as docker is`, async () => {
    const { registries, docker } = readState();
    const hosts = { here: registries[auth].host, elsewhere: registries[auth === 'basic' ? 'bearer' : 'basic'].host };
    const runner = { env: { DOCKER_CONFIG: docker.configDir }, home: '/nonexistent', uid: 0, exec: fakeExec({}) };
    const connect = () => connectRegistry({ clock: systemClock, credentials: runnerLogins(runner) });
    return {
      registry: connect(),
      other: connect(),
      // Distribution 2.8 takes a tag for a digest there.
      deletesTags: false,
      newRepository: (place = 'here') => ({ host: hosts[place], path: newPath() }),
      seedBlob: async (repository, bytes) => uploadBlob(repository, bytes, registries[auth]),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
}

test("a login that may only read is refused when it writes, by the ground's token service", async () => {
  const { bearer } = readState().registries;
  const repository = { host: bearer.host, path: newPath() };
  const image = imageFixture();
  for (const blob of image.blobs) await uploadBlob(repository, blob, bearer);
  const connect = (login: { username: string; password: string }) => {
    const { username, password } = login;
    const credentials = givenLogin({ username, password, from: 'the test' }, [bearer.host]);
    return connectRegistry({ clock: systemClock, credentials, access: 'pull,push' });
  };
  await connect(bearer).writeManifest(repository, 'latest', image.manifest, never);
  const reader = connect(bearer.reader);
  expect((await reader.readManifest(repository, 'latest', never))?.digest).toBe(image.manifest.digest);
  const writing = reader.writeManifest(repository, 'latest-1', image.manifest, never);
  await expect(writing).rejects.toMatchObject({
    status: 401,
    message: expect.stringContaining('the login from the test does not have the right'),
  });
  expect(await reader.listTags(repository, never)).toEqual(['latest']);
});
