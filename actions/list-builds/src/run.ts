import { buildsTable } from '@delivery/core/action/builds-table';
import { readCatalogue } from '@delivery/core/action/catalogue';
import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { Running } from '@delivery/core/action/catalogue-running';
import { readRunning } from '@delivery/core/action/catalogue-running';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { buildTag } from '@delivery/core/domain/build';
import { pickImage } from '@delivery/core/domain/delivery/pick';
import { formatRepository } from '@delivery/core/domain/image-reference';
import type { TestEvent } from '@delivery/core/domain/ledger';
import { promotionsOf, testedVerdict, testEventOf } from '@delivery/core/domain/ledger';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Reads what builds of an image there are, and shows them: what can be promoted, and how. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { topology, registry, cluster } = ports;
  const image = pickImage(topology, inputs.image);
  const catalogue = await readCatalogue(image, registry, context.signal, { limit: inputs.limit });
  const running = cluster && (await readRunning(catalogue, topology, cluster, context));
  for (const [project, why] of running?.unknown ?? [])
    context.log.info(`What runs in ${project} is not known: ${why}.`);
  const builds = [...catalogue.builds, ...(running?.more ?? [])];
  const test = testEventOf(topology, image.name);
  const listed = builds.map((build) => listedBuild(build, test, running));
  if (builds.length === 0 && catalogue.unreadable.length === 0) {
    return {
      result: 'skipped',
      reason: `${formatRepository(image.repository)} has no build of ${image.name} yet.`,
      next: 'Build one first: build-and-tag.',
      outputs: { builds: [] },
      summary: [],
    };
  }
  const good = listed.filter(({ promotable }) => promotable).length;
  const tags = new Set([...builds, ...catalogue.unreadable].flatMap((build) => build.tags));
  const more = catalogue.numbers.filter((number) => !tags.has(buildTag(number))).length;
  return {
    result: 'success',
    reason:
      `${builds.length} builds of ${image.name}, of which ${good} can be promoted` +
      `${more > 0 ? `; ${more} older ones are not shown, see limit` : ''}.`,
    outputs: { builds: listed },
    summary: buildsTable({ catalogue, builds, test, running, run: context.run, now: context.clock.now() }),
  };
}

/** A build as the output `builds` has it; docs/list-builds.md. */
function listedBuild(build: CatalogueBuild, test: TestEvent, running: Running | undefined) {
  const { number, digest, tags, commit, created, isStable, versions, records } = build;
  const verdict = testedVerdict(records, test);
  return {
    number: number ?? null,
    tag: tags.find((tag) => number !== undefined && tag === buildTag(number)) ?? null,
    digest,
    commit: commit ?? null,
    created: created?.toISOString() ?? null,
    tested: verdict.is,
    'runs-in': running ? (running.projects.get(digest) ?? []) : null,
    stable: isStable,
    versions,
    'was-stable': promotionsOf(records).at(-1)?.at.toISOString() ?? null,
    promotable: verdict.is === 'tested',
  };
}
