import type { ClusterEvent, NamespaceView, Workload } from '../workload.ts';
import { describeWorkload } from '../workload.ts';
import type { Sign } from './cause.ts';
import { grace } from './cause.ts';
import { bare, lastEvent } from './container-signs.ts';
import { deployerPods, newestPods, newestReplicaSet, podsOf } from './newest.ts';
import { podSigns } from './pod-signs.ts';
import { lastProbeFailure } from './readiness.ts';

/**
 * Everything that speaks against a workload's newest template. Events of the workload itself count when they are newer than
 * `since` (the cluster's own time), since those of an earlier rollout look the same.
 */
export function workloadSigns(workload: Workload, view: NamespaceView, since: Date): readonly Sign[] {
  if (workload.observedGeneration < workload.generation) return [];
  const roomComes = podsOf(workload, view).some(({ deleting }) => deleting);
  const pods = [...newestPods(workload, view), ...deployerPods(workload, view)];
  return [
    ...pods.flatMap((pod) => podSigns(pod, view.events, roomComes)),
    ...creationSigns(workload, view, since, roomComes),
    ...(workload.kind === 'DeploymentConfig' ? deployerSigns(workload, view) : deadlineSigns(workload, view)),
  ];
}

/** Pods that the API server does not let be made. A ReplicaSet or ReplicationController says so itself, a StatefulSet by events only. */
function creationSigns(workload: Workload, view: NamespaceView, since: Date, roomComes: boolean): readonly Sign[] {
  const message =
    workload.kind === 'StatefulSet' ? creationEvent(workload, view, since) : replicaFailure(workload, view);
  if (message === undefined) return [];
  const sign = creationSign(workload.uid, describeWorkload(workload), message);
  return sign.cause === 'quota' && roomComes ? [] : [sign];
}

/** What the API server said when it let no pod of `owner` be made. */
export function creationSign(uid: string, owner: string, message: string): Sign {
  const cause = /exceeded quota|failed quota/i.test(message) ? 'quota' : 'admission';
  const graceMs = cause === 'quota' ? grace.room : grace.late;
  const sentence = `no pod of ${owner} may be made: ${bare(message)}`;
  return { key: `${uid}//${cause}`, cause, graceMs, renew: false, sentence, pod: '', container: '' };
}

function replicaFailure(workload: Workload, view: NamespaceView): string | undefined {
  const conditions = newestReplicaSet(workload, view)?.conditions ?? [];
  return conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message;
}

function creationEvent(workload: Workload, view: NamespaceView, since: Date): string | undefined {
  return creationFailure(view.events.filter(({ object, lastSeen }) => object.uid === workload.uid && lastSeen > since));
}

/** The last failure to make a pod in the events of one owner, unless one was made since. */
export function creationFailure(own: readonly ClusterEvent[]): string | undefined {
  const failed = lastEvent(own, ({ reason }) => reason === 'FailedCreate');
  const healed = own.some(
    ({ reason, lastSeen }) => reason === 'SuccessfulCreate' && failed && lastSeen >= failed.lastSeen,
  );
  return healed ? undefined : failed?.message;
}

/** The workload's owner has said how long it may take (spec.progressDeadlineSeconds). */
function deadlineSigns(workload: Workload, view: NamespaceView): readonly Sign[] {
  const passed = workload.conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  if (!passed) return [];
  const probe = lastProbeFailure(workload, view);
  const why = probe ? `: ${probe.sentence}` : '';
  const sentence = `${describeWorkload(workload)} made no progress within its own progress deadline${why}`;
  // The condition of an earlier template stands until the controller sees the first progress of this one.
  return [
    {
      key: `${workload.uid}//deadline`,
      cause: 'not-ready',
      graceMs: grace.room,
      renew: false,
      sentence,
      pod: probe?.pod ?? '',
      container: probe?.container ?? '',
    },
  ];
}

/** The deployer has given up, or somebody has cancelled it. The condition is that of the newest version, so it is believed at once. */
function deployerSigns(workload: Workload, view: NamespaceView): readonly Sign[] {
  const over = workload.conditions.find(({ type, status }) => type === 'Progressing' && status === 'False');
  if (!over) return [];
  const probe = lastProbeFailure(workload, view);
  const deployer = deployerPods(workload, view).find(({ phase }) => phase === 'Failed');
  const why = probe ? `: ${probe.sentence}` : deployer ? `; see the log of pod ${deployer.name}` : '';
  return [
    {
      key: `${workload.uid}//deployer`,
      cause: 'not-ready',
      graceMs: grace.none,
      renew: false,
      sentence: `the deployment of ${describeWorkload(workload)} has failed (${bare(over.reason)}): ${bare(over.message)}${why}`,
      pod: probe?.pod ?? deployer?.name ?? '',
      container: probe?.container ?? deployer?.containers[0]?.name ?? '',
    },
  ];
}
