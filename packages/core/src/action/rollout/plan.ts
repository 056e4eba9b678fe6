import type { BuildNumber } from '../../domain/build.ts';
import { buildNumberOfTag, buildTag } from '../../domain/build.ts';
import { parseImageReference } from '../../domain/image-reference.ts';
import { containersOf, healthOf, imagesOf, runsImage, runsImages } from '../../domain/rollout/health.ts';
import { findWorkload } from '../../domain/rollout/judge.ts';
import type { ProjectWorkload } from '../../domain/topology.ts';
import type { Container, NamespaceView, Workload, WorkloadReference } from '../../domain/workload.ts';
import { describeWorkload } from '../../domain/workload.ts';

/** Annotations of a workload that this action writes. */
export const buildAnnotation = 'delivery.actions/build';
/** JSON: container to reference, as they were when the workload was last seen healthy by this action. */
export const healthyAnnotation = 'delivery.actions/healthy';

export type Images = Readonly<Record<string, string>>;

/** What one workload runs and is to run. */
export interface Step {
  readonly workload: WorkloadReference;
  readonly before: Images;
  readonly beforeBuild: string | null;
  /** Equal to `before` where that is the same content already; never by the address that a trigger writes, which only the cluster knows. */
  readonly after: Images;
  readonly changes: boolean;
  /** `metadata.generation` as observed. */
  readonly generation: number;
  /** Its annotation `healthyAnnotation`. */
  readonly healthy: string | undefined;
  /** What comes back when this fails; undefined when nothing is known to have been healthy. */
  readonly fallback: Images | undefined;
}

export type Plan =
  | { readonly do: 'unchanged' | 'update'; readonly steps: readonly Step[] }
  | { readonly do: 'refuse'; readonly reason: string; readonly next: string };

export interface Wanted {
  readonly namespace: string;
  readonly workloads: readonly ProjectWorkload[];
  /** `repository@sha256:…` */
  readonly reference: string;
  readonly number: BuildNumber | undefined;
  readonly force: boolean;
}

/** The highest number of the builds that run now; undefined when it is not known. */
export type RunningNumber = BuildNumber | undefined;

/** Decides from what is there. Everything that is missing is named at once. */
export function planRollout(wanted: Wanted, view: NamespaceView, running: RunningNumber): Plan {
  const problems = wanted.workloads.flatMap((workload) => problemsOf(workload, wanted.namespace, view));
  if (problems.length > 0) {
    const next = 'Correct the workloads in delivery.yaml, or bring the cluster to what it says. Nothing was changed.';
    return { do: 'refuse', reason: `${problems.join('; ')}.`, next };
  }
  const found = wanted.workloads.map((entry) => ({ entry, workload: required(view, wanted.namespace, entry) }));
  if (!wanted.force && wanted.number !== undefined && running !== undefined && wanted.number < running) {
    const reason = `${buildTag(wanted.number)} is older than ${buildTag(running)}, which runs.`;
    return {
      do: 'refuse',
      reason,
      next: 'Set force: true to go back on purpose; the database does not go back with it.',
    };
  }
  const steps = found.map(({ entry, workload }) => stepOf(entry, workload, wanted.reference));
  const settled = found.every(({ workload }) => healthOf(workload).is !== 'progressing');
  return { do: settled && steps.every(({ changes }) => !changes) ? 'unchanged' : 'update', steps };
}

function stepOf({ containers }: ProjectWorkload, workload: Workload, reference: string): Step {
  const before = imagesOf(workload, containers);
  const after = Object.fromEntries(
    containersOf(workload, containers).map((container) => [
      container.name,
      !container.fedBy && runsImage(container, reference) ? container.image : reference,
    ]),
  );
  const { kind, namespace, name, generation } = workload;
  return {
    workload: { kind, namespace, name },
    before,
    beforeBuild: workload.annotations[buildAnnotation] ?? null,
    after,
    changes: !runsImages(workload, after),
    generation,
    healthy: workload.annotations[healthyAnnotation],
    fallback: fallbackOf(workload, before, reference),
  };
}

/** The images that were last verified, else those that are healthy now; never those that are to be set. */
function fallbackOf(workload: Workload, before: Images, reference: string): Images | undefined {
  const containers = containersOf(workload, Object.keys(before));
  const other = (images: Images) =>
    containers.some((container) => !runsImage({ ...container, image: images[container.name] ?? '' }, reference));
  const verified = parseHealthy(workload.annotations[healthyAnnotation], Object.keys(before));
  if (verified && other(verified)) return verified;
  const usable = healthOf(workload).is !== 'progressing' && containers.every(isFixed);
  return usable && other(before) ? before : undefined;
}

/** A moving tag is no way back: it may have moved to what is being deployed. A build's own tag never moves, but a stream takes digests only. */
function isFixed({ image, fedBy }: Container): boolean {
  const reference = parseImageReference(image);
  return reference?.digest !== undefined || (!fedBy && buildNumberOfTag(reference?.tag ?? '') !== undefined);
}

/** Undefined for what this action would not have written: somebody may have edited it. */
function parseHealthy(text: string | undefined, containers: readonly string[]): Images | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const images: Record<string, string> = {};
  for (const name of containers) {
    const image: unknown = (json as Record<string, unknown>)[name];
    if (typeof image !== 'string' || parseImageReference(image)?.digest === undefined) return undefined;
    images[name] = image;
  }
  return images;
}

function problemsOf(wanted: ProjectWorkload, namespace: string, view: NamespaceView): string[] {
  const workload = findWorkload(view, { ...wanted, namespace });
  if (!workload) {
    const there = view.workloads.map(({ kind, name }) => `${kind} ${name}`).join(', ') || 'no workload at all';
    return [`namespace ${namespace} has no ${wanted.kind} ${wanted.name}, it has: ${there}`];
  }
  const names = workload.containers.map(({ name }) => name);
  const missing = wanted.containers.filter((container) => !names.includes(container));
  if (missing.length > 0) {
    return [`${describeWorkload(workload)} has no container ${missing.join(', ')}, it has: ${names.join(', ')}`];
  }
  const name = describeWorkload(workload);
  if (workload.paused) return [`${name} is paused, so it takes no new image until it is resumed`];
  const way = 'set its updateStrategy to RollingUpdate without a partition';
  return workload.partial ? [`${name} does not replace all its pods by itself: ${way}`] : [];
}

function required(view: NamespaceView, namespace: string, entry: ProjectWorkload): Workload {
  const workload = findWorkload(view, { ...entry, namespace });
  if (!workload) throw new TypeError(`${entry.name} was there a moment ago`);
  return workload;
}
