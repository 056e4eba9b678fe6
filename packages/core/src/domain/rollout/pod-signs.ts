import type { ClusterEvent, Pod } from '../workload.ts';
import type { Cause, Sign } from './cause.ts';
import { grace } from './cause.ts';
import { bare, containerSigns, lastEvent } from './container-signs.ts';

const mountReasons = new Set(['FailedMount', 'FailedAttachVolume', 'FailedMapVolume']);
/** Volumes are mounted before anything of a pod is pulled or made, so these prove that the mounts have come right. */
const afterMounts = new Set(['Pulling', 'Pulled', 'Created', 'Started']);
const configVolume = /(configmap|secret) "[^"]+" not found|references non-existent (config|secret) key/i;

/**
 * What speaks against one pod. `roomComes`: something of the workload is still going away, so a place may become free.
 * Events are those of the namespace.
 */
export function podSigns(pod: Pod, namespaceEvents: readonly ClusterEvent[], roomComes: boolean): readonly Sign[] {
  const events = namespaceEvents.filter(({ object }) => object.uid === pod.uid);
  return [...placeSigns(pod, events, roomComes), ...volumeSigns(pod, events), ...containerSigns(pod, events)];
}

function placeSigns(pod: Pod, events: readonly ClusterEvent[], roomComes: boolean): readonly Sign[] {
  const scheduled = pod.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return [];
  const claim = /persistentvolumeclaim|PersistentVolumeClaim/.test(scheduled.message);
  // Cluster autoscaler's own event: a node is on its way.
  const scaling = events.some(({ reason }) => reason === 'TriggeredScaleUp');
  if (!claim && (roomComes || scaling)) return [];
  const sentence = `pod ${pod.name} finds no place: ${bare(scheduled.message)}`;
  return [sign(pod, claim ? 'volume' : 'unschedulable', grace.room, sentence)];
}

function volumeSigns(pod: Pod, events: readonly ClusterEvent[]): readonly Sign[] {
  const creating = pod.containers.some(
    ({ state }) =>
      state.is === 'waiting' && (state.reason === 'ContainerCreating' || state.reason === 'PodInitializing'),
  );
  if (!creating || events.some(({ reason }) => afterMounts.has(reason))) return [];
  const mount = lastEvent(events, ({ reason }) => mountReasons.has(reason));
  if (mount) {
    return configVolume.test(mount.message)
      ? [sign(pod, 'config-missing', grace.late, `pod ${pod.name} mounts what is not there: ${bare(mount.message)}`)]
      : [sign(pod, 'volume', grace.remote, `pod ${pod.name} cannot mount a volume: ${bare(mount.message)}`)];
  }
  const sandbox = lastEvent(events, ({ reason }) => reason === 'FailedCreatePodSandBox');
  return sandbox
    ? [sign(pod, 'cannot-start', grace.remote, `pod ${pod.name} cannot be set up: ${bare(sandbox.message)}`)]
    : [];
}

function sign(pod: Pod, cause: Cause, graceMs: number, sentence: string): Sign {
  return { key: `${pod.uid}//${cause}`, cause, graceMs, renew: false, sentence, pod: pod.name, container: '' };
}
