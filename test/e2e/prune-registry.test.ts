import { writeRecord } from '@delivery/core/action/ledger';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { runnerLogins } from '@delivery/core/adapters/registry/credentials';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { Registry } from '@delivery/core/ports/registry';
import { fakeExec } from '@delivery/testing/fake-exec';
import { FakeCluster, newWorkload } from '@delivery/testing/fake-cluster';
import { FakeJobs } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { newProject } from '@delivery/testing/new-project';
import { wholeImage } from '@delivery/testing/whole-image';
import { run } from '../../actions/prune-builds/src/run.ts';
import { readState } from '../ground/state.ts';

const { signal } = new AbortController();
const projects = { test: newProject('test', { follows: 'latest' }) };

/** A build with platforms, attestations, signatures and records: all of its manifests. */
async function push(number: number, repository: Repository, registry: Registry): Promise<Digest[]> {
  const { root, blobs, manifests } = wholeImage(`${repository.path} ${number}`);
  for (const blob of blobs) await registry.writeBlob(repository, blob, signal);
  for (const { reference, manifest } of manifests)
    await registry.writeManifest(repository, reference, manifest, signal);
  await registry.writeManifest(repository, `latest-${number}`, root, signal);
  const entry = { event: 'built', verdict: 'success', at: new Date(), by: 'ada', reason: '' } as const;
  const page = `${someRun.serverUrl}/${someRun.repository}/actions/runs/1`;
  const record = await writeRecord(repository, root, { ...entry, run: page }, registry, signal);
  return [root.digest, record, ...manifests.map(({ manifest }) => manifest.digest)];
}

test.each(['basic', 'bearer'] as const)(
  "prunes builds of the ground's registry (auth: %s) with all that belongs to them, and nothing else",
  async (auth) => {
    const { registries, docker } = readState();
    const runner = { env: { DOCKER_CONFIG: docker.configDir }, home: '/nonexistent', uid: 0, exec: fakeExec({}) };
    const registry = connectRegistry({ clock: systemClock, credentials: runnerLogins(runner), access: 'pull,push' });
    const path = `prune/${Date.now()}`;
    const repository = { host: registries[auth].host, path: `${path}/web` };
    const goes = [...(await push(1, repository, registry)), ...(await push(2, repository, registry))];
    const stays = await push(3, repository, registry);
    const cluster = new FakeCluster();
    const image = `${repository.host}/${repository.path}@${stays[0]}`;
    cluster.putWorkload(newWorkload({ namespace: 'test', containers: [{ name: 'web', image, init: false }] }));

    const retention = { workingDays: 0, atLeast: 0, keepPromoted: 5, timeZone: 'UTC', holidays: [] };
    const promoted = { host: repository.host, path: `${path}/prod` };
    const images = { web: { name: 'web', repository, promoted, build: undefined, retention } };
    const permissions = () => new FakePermissions();
    const ports = { cluster: () => cluster, jobs: () => new FakeJobs(), permissions, packages: () => undefined };
    const context = { log: new FakeLog(), clock: systemClock, signal, run: someRun, mask: () => undefined };
    const given = { ...nothingGiven, image: [], timeout: 120_000 };
    const outcome = await run(given, { ...ports, topology: { images, projects }, registry }, context);

    expect(outcome).toMatchObject({ result: 'success', reason: 'web: 2 of 3 builds deleted' });
    const there = async (digests: readonly Digest[]) =>
      Promise.all(
        digests.map(async (digest) => (await registry.readManifest(repository, digest, signal)) !== undefined),
      );
    expect(await there(goes)).toEqual(goes.map(() => false));
    expect(await there(stays)).toEqual(stays.map(() => true));
    const tags = await registry.listTags(repository, signal);
    expect(tags).toContain('latest-3');
    expect(tags).not.toContain('prune-journal');
    for (const digest of goes) expect(tags.filter((tag) => tag.includes(digest.slice(7)))).toEqual([]);
  },
);
