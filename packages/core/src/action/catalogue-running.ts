import { buildNumberOfTag } from '../domain/build.ts';
import type { PromotionSelector } from '../domain/build-selector.ts';
import { workloadsOf } from '../domain/delivery/pick.ts';
import type { Digest } from '../domain/digest.ts';
import { containersOf, referenceAmong } from '../domain/rollout/health.ts';
import { findWorkload } from '../domain/rollout/judge.ts';
import type { Project, ProjectWorkload, Topology } from '../domain/topology.ts';
import type { Container, NamespaceView } from '../domain/workload.ts';
import { parseVersion } from '../domain/version.ts';
import { ActionError } from '../errors/errors.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { CatalogueBuild } from './catalogue-build.ts';
import { find } from './catalogue-pick.ts';
import type { Catalogue } from './catalogue.ts';
import type { ActionContext } from './context.ts';
import { oneLine } from '../domain/printable.ts';
import { observe } from './rollout/observe.ts';
import { within } from './within.ts';

/** Which builds run where. */
export interface Running {
  /** Names of projects, in the order of delivery.yaml. */
  readonly projects: ReadonlyMap<Digest, readonly string[]>;
  /** Builds that run, and that the catalogue did not have in detail. */
  readonly more: readonly CatalogueBuild[];
  /** Projects of which it is not known what runs there, or not of all of it, each with the reason. */
  readonly unknown: ReadonlyMap<string, string>;
}

const lookMs = 20_000;

/** Looks once at every project that has workloads of the image. A project that cannot be read is told, not thrown. */
export async function readRunning(
  catalogue: Catalogue,
  topology: Topology,
  connect: (context: string | undefined) => Cluster,
  context: Pick<ActionContext, 'clock' | 'signal'>,
): Promise<Running> {
  const looks = await Promise.all(
    workloadsOf(topology, catalogue.image.name).map(async ({ project, workloads }) => ({
      name: project.name,
      ...(await look(project, workloads, catalogue, connect, context)),
    })),
  );
  const projects = new Map<Digest, string[]>();
  const more = new Map<Digest, CatalogueBuild>();
  for (const { name, builds } of looks) {
    for (const build of builds.values()) {
      projects.set(build.digest, [...(projects.get(build.digest) ?? []), name]);
      if (!catalogue.builds.some(({ digest }) => digest === build.digest)) more.set(build.digest, build);
    }
  }
  const unknown = new Map(looks.flatMap(({ name, why }) => (why === undefined ? [] : [[name, why] as const])));
  return { projects, more: [...more.values()], unknown };
}

interface Look {
  readonly builds: ReadonlyMap<Digest, CatalogueBuild>;
  readonly why: string | undefined;
}

async function look(
  project: Project,
  workloads: readonly ProjectWorkload[],
  catalogue: Catalogue,
  connect: (context: string | undefined) => Cluster,
  context: Pick<ActionContext, 'clock' | 'signal'>,
): Promise<Look> {
  const unread = (why: string): Look => ({ builds: new Map(), why: oneLine(why) });
  try {
    const cluster = connect(project.cluster);
    const view = await within(
      lookMs,
      context,
      (signal) => observe(cluster, project.namespace, workloads, signal),
      undefined,
    );
    if (!view) return unread(`the cluster did not answer within ${lookMs / 1000} s`);
    return await buildsIn(view, project, workloads, catalogue);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ActionError)) throw error;
    return unread(error.message);
  }
}

async function buildsIn(
  view: NamespaceView,
  { namespace }: Project,
  workloads: readonly ProjectWorkload[],
  catalogue: Catalogue,
): Promise<Look> {
  const builds = new Map<Digest, CatalogueBuild>();
  const unclear: string[] = [];
  for (const entry of workloads) {
    const name = `${entry.kind} ${entry.name}`;
    const workload = findWorkload(view, { ...entry, namespace });
    if (!workload) unclear.push(`there is no ${name}`);
    const containers = workload ? containersOf(workload, entry.containers) : [];
    // Several containers of one image are looked up, and told, once.
    for (const image of new Set(containers.map((one) => one.image))) {
      // Only one of them may be known: see referenceAmong.
      const some = containers.filter((one) => one.image === image);
      const selector = some.map((one) => selectorOf(one, catalogue)).find((one) => one !== undefined);
      const build = selector && (await find(selector, catalogue));
      if (typeof build === 'object') builds.set(build.digest, build);
      else unclear.push(`${name} runs ${oneLine(image)}, ${build ?? 'which does not say the build'}`);
    }
  }
  return { builds, why: unclear.length === 0 ? undefined : oneLine(unclear.join('; '), 500) };
}

/** By a digest or a tag that never moves. What a moving tag named when its pod began nobody knows. */
function selectorOf(container: Container, { image }: Catalogue): PromotionSelector | undefined {
  const reference = referenceAmong([image.repository, image.promoted], container);
  if (!reference) return undefined;
  const { digest, tag = '' } = reference;
  if (digest) return { kind: 'digest', digest };
  const number = buildNumberOfTag(tag);
  if (number !== undefined) return { kind: 'number', number };
  const version = parseVersion(tag);
  return version === undefined ? undefined : { kind: 'version', version };
}
