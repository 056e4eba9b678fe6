import { describeEvent, describePod } from '../describe.ts';
import type { SummaryBlock } from '../outcome.ts';
import { within } from '../within.ts';
import { printable } from '../../domain/printable.ts';
import type { Diagnosis, RolloutTarget } from '../../domain/rollout/judge.ts';
import { findWorkload } from '../../domain/rollout/judge.ts';
import { deployerPods, isReady, newestPods, newestReplicaSet } from '../../domain/rollout/newest.ts';
import type { ContainerStatus, NamespaceView, Pod } from '../../domain/workload.ts';
import { ActionError } from '../../errors/errors.ts';
import type { Scene } from './follow.ts';

/** What is kept of a failed rollout before anything is rolled back; each part has its title. */
export interface Evidence {
  readonly parts: readonly { readonly title: string; readonly lines: readonly string[] }[];
  /** The last line that the container named by the diagnosis logged; empty when there is none. */
  readonly lastLogLine: string;
}

/** All of it: what is broken stays as long. */
export const evidenceMs = 30_000;
const maxPods = 4;
const maxEvents = 30;
const tail = { tailLines: 50, limitBytes: 64 * 1024 };

/** Collects states of pods, events and logs, and writes them to the log. A cancel ends it with what there is by then. */
export async function collectEvidence(
  targets: readonly RolloutTarget[],
  view: NamespaceView,
  diagnosis: Diagnosis,
  scene: Scene,
): Promise<Evidence> {
  const pods = failingPods(targets, view, diagnosis);
  const logs = await readLogs(pods, scene);
  const parts = [
    { title: 'Pods', lines: pods.flatMap(describePod) },
    { title: 'Events', lines: eventLines(targets, pods, view, scene.since) },
    ...logs,
  ].filter(({ lines }) => lines.length > 0);
  for (const { title, lines } of parts) await scene.log.group(title, async () => scene.log.outside(lines.join('\n')));
  const decisive = logs.find(({ pod, container }) => pod === diagnosis.pod && container === diagnosis.container);
  return { parts, lastLogLine: decisive?.lines.at(-1) ?? '' };
}

export function evidenceBlocks({ parts }: Evidence): SummaryBlock[] {
  return parts.map(({ title, lines }) => ({ kind: 'lines', title, lines }));
}

interface LogPart {
  readonly title: string;
  readonly lines: readonly string[];
  readonly pod: string;
  readonly container: string;
}

/** Of every container that does not run as it should. */
async function readLogs(pods: readonly Pod[], scene: Scene): Promise<LogPart[]> {
  const parts: LogPart[] = [];
  const logs = pods.flatMap((pod) =>
    pod.containers
      .filter((status) => !isWell(status))
      .flatMap((container) => logsOf(container).map((previous) => ({ pod, container, previous }))),
  );
  const readAll = async (signal: AbortSignal) => {
    for (const { pod, container, previous } of logs) {
      const lines = await readLines(pod, container, previous, { ...scene, signal });
      if (lines.length === 0) continue;
      const title = `Log of ${pod.name}, ${container.name}${previous ? ', before its last restart' : ''}`;
      parts.push({ title, lines, pod: pod.name, container: container.name });
    }
    return true;
  };
  try {
    const all = await within(evidenceMs, scene, readAll, false);
    if (!all) scene.log.info(`Not every log could be read within ${evidenceMs / 1000} s; the others are left out.`);
  } catch (error) {
    if (!scene.signal.aborted) throw error;
  }
  return parts;
}

function isWell({ state, ready, restarts }: ContainerStatus): boolean {
  return state.is === 'running' && ready && restarts === 0;
}

/** While a container waits for its next start, the log before its last restart is all there is. */
function logsOf({ restarts, state }: ContainerStatus): readonly boolean[] {
  if (restarts === 0) return [false];
  return state.is === 'waiting' ? [true] : [true, false];
}

/** The pod that decided comes first. */
function failingPods(targets: readonly RolloutTarget[], view: NamespaceView, diagnosis: Diagnosis): readonly Pod[] {
  const pods = targets.flatMap((target) => {
    const workload = findWorkload(view, target.workload);
    if (!workload) return [];
    const deployers = deployerPods(workload, view).filter(({ phase }) => phase === 'Failed');
    return [...newestPods(workload, view).filter((pod) => !isReady(pod)), ...deployers];
  });
  return pods.toSorted((a, b) => Number(b.name === diagnosis.pod) - Number(a.name === diagnosis.pod)).slice(0, maxPods);
}

/** Those of the pods, and what was said of their workloads since this rollout began. */
function eventLines(
  targets: readonly RolloutTarget[],
  pods: readonly Pod[],
  view: NamespaceView,
  since: Date,
): string[] {
  const uids = new Set(pods.map(({ uid }) => uid));
  const owners = new Set<string>();
  for (const target of targets) {
    const workload = findWorkload(view, target.workload);
    if (!workload) continue;
    owners.add(workload.uid);
    const replicaSet = newestReplicaSet(workload, view);
    if (replicaSet) owners.add(replicaSet.uid);
  }
  return view.events
    .filter(({ object, lastSeen }) => uids.has(object.uid) || (owners.has(object.uid) && lastSeen > since))
    .toSorted((a, b) => a.lastSeen.getTime() - b.lastSeen.getTime())
    .slice(-maxEvents)
    .map(describeEvent);
}

/** A log that cannot be read is evidence that is missing, no reason to leave a broken rollout where it is. */
async function readLines(pod: Pod, container: ContainerStatus, previous: boolean, scene: Scene): Promise<string[]> {
  try {
    const text = await scene.cluster.readLog(pod, container.name, { previous, ...tail }, scene.signal);
    return printable(text)
      .split('\n')
      .filter((line) => line.trim() !== '');
  } catch (error) {
    if (!(error instanceof ActionError) || scene.signal.aborted) throw error;
    return [`(the log could not be read: ${error.message})`];
  }
}
