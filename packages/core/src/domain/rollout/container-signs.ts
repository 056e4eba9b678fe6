import type { ClusterEvent, ContainerStatus, Pod } from '../workload.ts';
import type { Cause, Sign } from './cause.ts';
import { grace } from './cause.ts';

type Finding = Pick<Sign, 'cause' | 'graceMs' | 'sentence'>;

const pullReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'ImageInspectError',
  'SignatureValidationFailed',
]);
const neverPulls = new Set(['InvalidImageName', 'ErrImageNeverPull']);
const createReasons = new Set([
  'CreateContainerError',
  'RunContainerError',
  'PreCreateHookError',
  'PostStartHookError',
]);

const denied = /unauthori[sz]ed|denied|forbidden|authentication required|no basic auth credentials|insufficient_scope/i;
const absent = /not found|manifest unknown|name unknown|does not exist/i;
const otherPlatform = /no match for platform|exec format error|image operating system .* cannot be used/i;
const notThere =
  /(configmap|secret) "?[^"\s]*"? ?not found|couldn't find key|references non-existent (config|secret) key/i;
const noSecret = /unable to retrieve some image pull secrets/i;
const passing = /deadline exceeded|is reserved for/i;

/** What the state of a pod's containers says against it. Events are those of the pod. */
export function containerSigns(pod: Pod, events: readonly ClusterEvent[]): readonly Sign[] {
  return pod.containers.flatMap((container) => {
    const finding = findingOf(container, events);
    if (!finding) return [];
    const what = `${container.init ? 'init container' : 'container'} ${container.name} of pod ${pod.name}`;
    const sentence = `${what} ${finding.sentence}`;
    return [
      {
        ...finding,
        sentence,
        renew: container.state.is === 'waiting' && finding.cause === 'config-missing',
        key: `${pod.uid}/${container.name}/${finding.cause}`,
        pod: pod.name,
        container: container.name,
      },
    ];
  });
}

function findingOf(container: ContainerStatus, events: readonly ClusterEvent[]): Finding | undefined {
  if (container.state.is !== 'waiting') return undefined;
  const { reason, message } = container.state;
  if (neverPulls.has(reason))
    return found('image-pull', grace.none, `names an image that cannot be pulled: ${message}`);
  if (pullReasons.has(reason)) return pullFinding(container, message, events);
  if (reason === 'CreateContainerConfigError') return configFinding(message);
  if (createReasons.has(reason)) return startFinding(message, passing.test(message) ? grace.remote : grace.late);
  return reason === 'CrashLoopBackOff' ? crashFinding(container, events) : undefined;
}

/** While it backs off, older kubelets say no more than that they do: the reason is then in the event of the last attempt. */
function pullFinding({ image }: ContainerStatus, waiting: string, events: readonly ClusterEvent[]): Finding {
  const attempt = lastEvent(
    events,
    ({ reason, message }) => reason === 'Failed' && message.startsWith('Failed to pull'),
  );
  const message =
    /^Back-off pulling image "[^"]*"\.?$/.test(waiting) || waiting === '' ? (attempt?.message ?? waiting) : waiting;
  if (otherPlatform.test(message)) {
    return found('wrong-platform', grace.none, `has an image for another platform than the node's: ${bare(message)}`);
  }
  if (denied.test(message)) {
    const secret = lastEvent(events, ({ reason }) => reason === 'FailedToRetrieveImagePullSecret');
    const why = secret ? `: ${secret.message}` : ': the pull secret of the namespace is missing or wrong';
    // A kubelet that is busy does not get a new secret in time, though it is there, and tries again after 10 s.
    return found(
      'image-pull',
      secret || noSecret.test(message) ? grace.kubelet : grace.late,
      `may not pull ${image}${why} (${bare(message)})`,
    );
  }
  if (absent.test(message))
    return found('image-pull', grace.late, `cannot pull ${image}, which is not there: ${bare(message)}`);
  return found('image-pull', grace.remote, `cannot pull ${image}: ${bare(message)}`);
}

function configFinding(message: string): Finding {
  return notThere.test(message)
    ? found('config-missing', grace.late, `needs what is not there: ${message}`)
    : found('cannot-start', grace.late, `cannot be made as its pod asks for it: ${message}`);
}

function startFinding(message: string, graceMs: number): Finding {
  return otherPlatform.test(message)
    ? found('wrong-platform', grace.none, `has a program for another platform than the node's: ${bare(message)}`)
    : found('cannot-start', graceMs, `cannot be started: ${bare(message)}`);
}

/** The kubelet backs off from the second end on, so one restart alone never leads here. How it ended stands in lastState. */
function crashFinding({ last, restarts, init }: ContainerStatus, events: readonly ClusterEvent[]): Finding | undefined {
  if (restarts < 1 || !last) return undefined;
  const times = `${restarts + 1} times`;
  if (last.reason === 'OOMKilled')
    return found('out-of-memory', grace.none, `was killed ${times} because it used more memory than its limit`);
  if (last.reason === 'StartError' || last.reason === 'ContainerCannotRun')
    return startFinding(last.message, grace.none);
  const killed = lastEvent(
    events,
    ({ reason, message }) => reason === 'Killing' && /failed (liveness|startup) probe/.test(message),
  );
  const probe =
    killed && lastEvent(events, ({ reason, message }) => reason === 'Unhealthy' && /^(Liveness|Startup)/.test(message));
  const why = probe ? `; the kubelet killed it: ${bare(probe.message)}` : '';
  const said = last.message === '' ? '' : `; it said: ${bare(last.message)}`;
  return found(
    init ? 'init-failed' : 'crash-loop',
    grace.none,
    `ended ${times}, last with exit code ${last.exitCode}${why}${said}`,
  );
}

function found(cause: Cause, graceMs: number, sentence: string): Finding {
  return { cause, graceMs, sentence };
}

export function lastEvent(
  events: readonly ClusterEvent[],
  matches: (event: ClusterEvent) => boolean,
): ClusterEvent | undefined {
  return events
    .filter(matches)
    .reduce<ClusterEvent | undefined>(
      (latest, event) => (latest && latest.lastSeen > event.lastSeen ? latest : event),
      undefined,
    );
}

/** Messages of the kubelet, in one line and without their layers of prefixes. */
export function bare(message: string): string {
  const line = message
    .replace(/\s+/g, ' ')
    .replace(/rpc error: code = \w+ desc = /g, '')
    .replace(/failed to (?:pull and unpack image|resolve reference) "[^"]*": /g, '')
    .trim()
    .replace(/\.+$/, '');
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
