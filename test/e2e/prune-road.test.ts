import { systemClock } from '@delivery/core/adapters/clock';
import { copyAndTag } from '@delivery/core/action/copy-image-tags';
import { writeRecord } from '@delivery/core/action/ledger';
import { buildTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import { digestOf } from '@delivery/core/domain/digest';
import { mediaTypes, parseManifest } from '@delivery/core/domain/manifest';
import type { Manifest } from '@delivery/core/ports/registry';
import type { Run } from '@delivery/testing/github/run';
import type { GitHubStandIn } from '@delivery/testing/github/stand-in';
import { ledgerEntry } from '@delivery/testing/ledger-entry';
import { FakeLog } from '@delivery/testing/fake-step';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readState } from '../ground/state.ts';
import { accountSecrets, grantAccess } from '../road/accounts.ts';
import { Clone, startGitHub } from '../road/forge.ts';
import { Kubectl } from '../road/kubectl.ts';
import { groundRegistry } from '../road/registry.ts';
import { pullSecret } from '../road/secret.ts';

// Scenario 9 of the domain by the suite's own workflow: of 15 builds 10 are kept, and build 3, which is stable and runs.

const state = readState();
const registry = groundRegistry(state);
const kubectl = new Kubectl(state);
const { host } = state.registries.basic;
const id = randomBytes(4).toString('hex');
const namespace = `prune-${id}`;
const repository = { host, path: `prune-${id}/web` };
const promoted = { host, path: `prune-${id}-prod/web` };
const base = { host, path: 'base/busybox' };
const never = new AbortController().signal;
const log = new FakeLog();
const manifests = new Map<number, Manifest>();
let gitHub: GitHubStandIn;
let clone: Clone;

/** The base image with other labels, so that it can run. */
async function push(number: number): Promise<Manifest> {
  const from = (await registry.readManifest(base, '1', never))!;
  const content = parseManifest(from.bytes, from.mediaType, 'base');
  if (content.kind !== 'image') throw new Error('the base is an index');
  const created = new Date(Date.UTC(2026, 0, number)).toISOString();
  const config = JSON.parse(
    new TextDecoder().decode(await registry.readBlob(base, content.config.digest, 1_000_000, never)),
  ) as { config?: object };
  const labels = { 'build.number': String(number), 'org.opencontainers.image.created': created };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...config, config: { ...config.config, Labels: labels } }));
  const digest = await registry.writeBlob(repository, bytes, never);
  for (const layer of content.layers) await registry.copyBlob(layer, base, repository, never);
  const { layers } = JSON.parse(new TextDecoder().decode(from.bytes)) as { layers: object[] };
  const mediaType = mediaTypes.ociManifest;
  const described = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: bytes.length };
  const text = JSON.stringify({ schemaVersion: 2, mediaType, config: described, layers });
  const whole = new TextEncoder().encode(text);
  const manifest: Manifest = { mediaType, digest: digestOf(whole), bytes: whole };
  await registry.writeManifest(repository, buildTag(number), manifest, never);
  const entry = ledgerEntry({ event: 'built', at: new Date(created) });
  await writeRecord(repository, manifest, entry, registry, never);
  return manifest;
}

async function runIt(): Promise<void> {
  const image = `${repository.host}/${repository.path}@${manifests.get(3)!.digest}`;
  const container = { name: 'web', image, command: ['sleep', '3600'] };
  const spec = { terminationGracePeriodSeconds: 0, imagePullSecrets: [{ name: 'registry' }], containers: [container] };
  const labels = { app: 'web' };
  await kubectl.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    pullSecret(state, namespace),
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
  );
  await grantAccess(kubectl, 'prune-builds', namespace);
  await kubectl.run(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=120s']);
}

function repositoryOfTheStack(): string {
  const dir = mkdtempSync(join(state.directories.run, 'prune-'));
  mkdirSync(join(dir, '.github/workflows'), { recursive: true });
  writeFileSync(
    join(dir, '.github/delivery.yaml'),
    `images:
  web:
    repository: ${host}/${repository.path}
    promoted: ${host}/${promoted.path}
    retention: { workingDays: 5, atLeast: 10, keepPromoted: 2, timeZone: Europe/London, holidays: [2026-12-25] }
projects:
  test: { namespace: ${namespace}, follows: latest, workloads: { web: [{ kind: Deployment, name: web, container: web }] } }
`,
  );
  writeFileSync(
    join(dir, '.github/workflows/prune.yml'),
    `on:
  workflow_dispatch:
    inputs:
      dry-run: { type: boolean, default: false }
permissions: {}
jobs:
  prune:
    permissions: { contents: read, packages: write }
    uses: InformaticsMatters/fragalysis-actions/.github/workflows/prune-builds.yml@v1
    with:
      dry-run: \${{ inputs.dry-run }}
    secrets:
      REGISTRY_USERNAME: \${{ secrets.REGISTRY_USERNAME }}
      REGISTRY_PASSWORD: \${{ secrets.REGISTRY_PASSWORD }}
      KUBECONFIG: \${{ secrets.KUBECONFIG_PRUNE_BUILDS }}
`,
  );
  return dir;
}

async function prune(inputs: object = {}): Promise<Run> {
  return clone.client.waitForRun(await clone.client.startWorkflow('acme/prune', 'prune.yml', 'main', inputs));
}

async function builds(): Promise<number[]> {
  const tags = await registry.listTags(repository, never);
  return tags
    .flatMap((tag) => /^latest-(\d+)$/.exec(tag)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

beforeAll(async () => {
  for (let number = 1; number <= 15; number++) manifests.set(number, await push(number));
  await registry.writeManifest(repository, 'latest', manifests.get(15)!, never);
  const { digest } = manifests.get(3)!;
  const tags = [
    { tag: '2026.01.1', digest: undefined },
    { tag: 'stable', digest: undefined },
  ];
  await copyAndTag({ digest, from: repository, to: promoted, tags }, registry, {
    log,
    clock: systemClock,
    signal: never,
  });
  await runIt();
  gitHub = await startGitHub(state, await accountSecrets(state, namespace, ['prune-builds']));
  clone = await Clone.create(state, gitHub.url, 'acme/prune', repositoryOfTheStack());
  await clone.git('add', '-A');
  await clone.git('commit', '-q', '-m', 'A topology with retention');
  await clone.git('push', '-q', 'origin', 'HEAD:main');
});

afterAll(async () => {
  await gitHub.stop();
  await kubectl.removeNamespace(namespace);
});

describe('pruning', () => {
  const all = Array.from({ length: 15 }, (_, index) => index + 1);
  const kept = [3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

  const expectConclusion = async (run: Run, conclusion: Run['conclusion']): Promise<string> => {
    if (run.conclusion !== conclusion) throw new Error(await clone.client.log(run.id));
    return clone.client.summary(run.id);
  };

  it('says in a dry run what would go and why the rest stays, and deletes nothing', async () => {
    const summary = await expectConclusion(await prune({ 'dry-run': true }), 'success');
    expect(summary).toContain('runs in Deployment');
    expect(summary).toContain('would be deleted');
    expect(await builds()).toEqual(all);
  });

  it('deletes nothing when a project cannot be read', async () => {
    await kubectl.run(['-n', namespace, 'delete', 'rolebinding', 'prune-builds']);
    const summary = await expectConclusion(await prune(), 'failure');
    expect(summary).toMatch(new RegExp(`${namespace}: .*deployments \\(apps\\): list`));
    expect(await builds()).toEqual(all);
    await grantAccess(kubectl, 'prune-builds', namespace);
  });

  it('keeps ten of fifteen builds, and build 3, which is stable and runs', async () => {
    await expectConclusion(await prune(), 'success');
    expect(await builds()).toEqual(kept);
    for (const number of [1, 2, 4, 5]) {
      const { digest } = manifests.get(number)!;
      expect(await registry.readManifest(repository, digest, never)).toBeUndefined();
      expect(await registry.listReferrers(repository, digest, never)).toEqual([]);
    }
    const pull = async (digest: Digest) => (await registry.readManifest(repository, digest, never))?.digest;
    for (const number of kept) {
      const { digest } = manifests.get(number)!;
      expect(await pull(digest)).toBe(digest);
      expect(await registry.listReferrers(repository, digest, never)).toHaveLength(1);
    }
  });

  it('finds nothing more to do when it runs again', async () => {
    await expectConclusion(await prune(), 'success');
    expect(await builds()).toEqual(kept);
  });
});
