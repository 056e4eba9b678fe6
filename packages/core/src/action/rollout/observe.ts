import { readBuild } from '../resolve-build.ts';
import type { BuildNumber } from '../../domain/build.ts';
import { parseBuildNumber } from '../../domain/build.ts';
import { containersOf, referenceAmong } from '../../domain/rollout/health.ts';
import { findWorkload } from '../../domain/rollout/judge.ts';
import type { Container, NamespaceView, WorkloadReference } from '../../domain/workload.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Registry } from '../../ports/registry.ts';
import type { Aim } from './aim.ts';
import { buildAnnotation } from './plan.ts';

/** The namespace as it is now. `sought`: workloads that are looked for, see Cluster.watchNamespace. */
export async function observe(
  cluster: Cluster,
  namespace: string,
  sought: readonly Pick<WorkloadReference, 'kind'>[],
  signal: AbortSignal,
): Promise<NamespaceView> {
  for await (const view of cluster.watchNamespace(namespace, kindsOf(sought), signal)) return view;
  throw new TypeError('the watch of a namespace ended without a view');
}

export function kindsOf(sought: readonly Pick<WorkloadReference, 'kind'>[]): WorkloadReference['kind'][] {
  return [...new Set(sought.map(({ kind }) => kind))];
}

/** When the newest event was seen, by the cluster's own time. */
export function newestEvent({ events }: NamespaceView): Date {
  return new Date(Math.max(0, ...events.map(({ lastSeen }) => lastSeen.getTime())));
}

/**
 * The highest number of the builds that run: the label of what runs decides, since an annotation outlives an image that was
 * set by hand. Where the registry has it no more, the annotation is all there is.
 */
export async function highestRunning(
  { project, repository, workloads }: Aim,
  view: NamespaceView,
  registry: Registry,
  signal: AbortSignal,
): Promise<BuildNumber | undefined> {
  const numbers = new Map<string, BuildNumber | undefined>();
  let highest: BuildNumber | undefined;
  for (const entry of workloads) {
    const workload = findWorkload(view, { ...entry, namespace: project.namespace });
    if (!workload) continue;
    const noted = parseBuildNumber(workload.annotations[buildAnnotation] ?? '');
    for (const container of containersOf(workload, entry.containers)) {
      const { image } = container;
      if (!numbers.has(image)) numbers.set(image, await numberOf(container));
      const number = numbers.get(image) ?? noted;
      if (number !== undefined) highest = Math.max(highest ?? 0, number);
    }
  }
  return highest;

  async function numberOf(container: Container): Promise<BuildNumber | undefined> {
    const reference = referenceAmong([repository], container);
    const content = reference?.digest ?? reference?.tag;
    if (content === undefined) return undefined;
    return (await readBuild(content, repository, registry, signal))?.number;
  }
}
