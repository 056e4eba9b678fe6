import type { Outcome } from '@delivery/core/action/outcome';
import { writeRecord } from '@delivery/core/action/ledger';
import type { Digest } from '@delivery/core/domain/digest';
import { parseRepository } from '@delivery/core/domain/image-reference';
import { referrersTag } from '@delivery/core/domain/manifest';
import type { RetentionRule } from '@delivery/core/domain/retention-rule';
import type { Project, Topology } from '@delivery/core/domain/topology';
import type { Manifest } from '@delivery/core/ports/registry';
import type { PackageVersions } from '@delivery/core/ports/package-versions';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeCluster } from '@delivery/testing/fake-cluster';
import { FakeJobs } from '@delivery/testing/fake-jobs';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, nothingGiven, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import { newProject } from '@delivery/testing/new-project';
import { wholeImage } from '@delivery/testing/whole-image';
import type { Inputs, Output } from '../src/inputs.ts';
import { run } from '../src/run.ts';

export const repository = parseRepository('registry.example.org/dev/web-stream')!;
export const promoted = parseRepository('registry.example.org/prod/web-stream')!;

const msPerDay = 86_400_000;
const { signal } = new AbortController();

export interface Entry {
  readonly image: string;
  readonly build: number;
  readonly tags: readonly string[];
  readonly digest: Digest;
  readonly reason: string;
  readonly why: string;
}

/** Projects test and production, and a registry with builds of the image web. Retention keeps nothing by age unless a test says so. */
export class Stage {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly cluster = new FakeCluster();
  readonly jobs = new FakeJobs(this.clock);
  readonly permissions = new FakePermissions();
  readonly cancel = new AbortController();
  registry = new FakeRegistry();
  packages: PackageVersions | undefined;
  rule: RetentionRule | undefined = { workingDays: 0, atLeast: 0, keepPromoted: 5, timeZone: 'UTC', holidays: [] };
  projects: readonly Project[] = [
    newProject('test', { namespace: 'dev', follows: 'latest' }),
    newProject('production', { namespace: 'prod', follows: 'latest' }),
  ];

  /** A build that is as many days old. */
  build(number: number, daysOld: number): Digest {
    const created = new Date(this.clock.now().getTime() - daysOld * msPerDay).toISOString();
    const image = imageFixture({ labels: { 'build.number': String(number) }, created, layer: `layer of ${number}` });
    return this.registry.seedImage(repository, `latest-${number}`, image);
  }

  /** One with two platforms, attestations, signatures, records: gives its index first, then all other manifests. */
  async whole(number: number): Promise<readonly Digest[]> {
    const whole = wholeImage(`build ${number}`);
    for (const blob of whole.blobs) this.registry.seedBlob(repository, blob);
    for (const { reference, manifest } of whole.manifests) await this.put(reference, manifest);
    await this.put(`latest-${number}`, whole.root);
    const digests = whole.manifests.map(({ manifest }) => manifest.digest);
    return [whole.root.digest, ...digests.filter((digest) => digest !== whole.root.digest)];
  }

  async put(reference: string, manifest: Manifest, where = repository): Promise<void> {
    await this.registry.writeManifest(where, reference, manifest, signal);
  }

  /** Copies the build, and writes the record, so many days ago. */
  async promote(
    tag: string,
    version: string,
    daysAgo: number,
    tags: readonly string[] = [version, 'stable'],
  ): Promise<void> {
    const manifest = (await this.registry.readManifest(repository, tag, signal))!;
    const image = imageFixture({ layer: 'any' });
    const blobs = await this.blobsOf(manifest);
    for (const blob of [...image.blobs, ...blobs]) this.registry.seedBlob(promoted, blob);
    await this.put(manifest.digest, manifest, promoted);
    for (const one of tags) await this.put(one, manifest, promoted);
    const at = new Date(this.clock.now().getTime() - daysAgo * msPerDay);
    const entry = { event: 'promoted', verdict: 'success', at, by: 'ada', reason: '', version } as const;
    const run = `${someRun.serverUrl}/${someRun.repository}/actions/runs/1`;
    await writeRecord(promoted, manifest, { ...entry, run }, this.registry, signal);
  }

  async blobsOf(manifest: Manifest): Promise<Uint8Array[]> {
    const { config, layers } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as Record<
      string,
      { digest: Digest }[]
    >;
    const digests = [config as unknown as { digest: Digest }, ...layers!].map(({ digest }) => digest);
    return Promise.all(digests.map((digest) => this.registry.readBlob(repository, digest, 1e6, signal)));
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.registry.readManifest(repository, digest, signal)) !== undefined;
  }

  async tags(): Promise<string[]> {
    return this.registry.listTags(repository, signal);
  }

  run(inputs: Partial<Inputs> = {}): Promise<Outcome<Output>> {
    const context = {
      ...{ log: this.log, clock: this.clock, signal: this.cancel.signal, mask: () => undefined },
      run: someRun,
    };
    const ports = {
      topology: this.topology(),
      registry: this.registry,
      cluster: () => this.cluster,
      jobs: () => this.jobs,
      permissions: () => this.permissions,
      packages: () => this.packages,
    };
    this.registry.calls.length = 0;
    return run({ ...nothingGiven, image: [], timeout: 30 * 60_000, ...inputs }, ports, context);
  }

  /** Runs to the end, letting as much time pass as it takes; gives the seconds too. */
  async runOn(inputs: Partial<Inputs> = {}): Promise<{ outcome: Outcome<Output>; seconds: number }> {
    const begun = this.clock.now().getTime();
    const outcome = await this.clock.passUntil(this.run(inputs), 3 * 3_600_000);
    return { outcome, seconds: (this.clock.now().getTime() - begun) / 1000 };
  }

  get removed(): string[] {
    return this.registry.calls.filter(({ method }) => method === 'remove').map(({ reference }) => reference);
  }

  topology(): Topology {
    const image = (name: string) => ({ name, promoted: undefined, build: undefined, retention: undefined });
    const other = { ...image('loader'), repository: parseRepository('registry.example.org/dev/loader')! };
    return {
      images: { web: { ...image('web'), repository, promoted, retention: this.rule }, loader: other },
      projects: Object.fromEntries(this.projects.map((project) => [project.name, project])),
    };
  }
}

export function entries(outcome: Outcome<Output>, output: 'deleted' | 'kept'): Entry[] {
  return outcome.outputs[output] as Entry[];
}

export function numbers(outcome: Outcome<Output>, output: 'deleted' | 'kept'): number[] {
  return entries(outcome, output)
    .map(({ build }) => build)
    .sort((a, b) => a - b);
}

export function reasons(outcome: Outcome<Output>): Record<number, string> {
  return Object.fromEntries(entries(outcome, 'kept').map(({ build, why }) => [build, why]));
}

export function tagOf(digest: Digest): string {
  return referrersTag(digest);
}
