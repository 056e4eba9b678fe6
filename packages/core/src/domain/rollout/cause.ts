/** Why a rollout failed, for machines: output `cause`. docs/deploy-test.md says what each one means. */
export type Cause =
  | 'image-pull'
  | 'wrong-platform'
  | 'config-missing'
  | 'cannot-start'
  | 'crash-loop'
  | 'init-failed'
  | 'out-of-memory'
  | 'unschedulable'
  | 'quota'
  | 'admission'
  | 'volume'
  | 'not-ready'
  | 'workload-missing'
  | 'check-failed'
  | 'cluster'
  | 'timeout';

/**
 * How long a sign has to stand before it is believed, in milliseconds. What a cluster mends by itself within moments is
 * not judged at once; what it never mends is.
 */
export const grace = {
  none: 0,
  /** What a controller copies into the namespace just now, a volume that is tried again every second or two. */
  late: 4_000,
  /** After that a new pod is made for one that misses its ConfigMap or Secret: see Sign.renew. */
  renewal: 2_000,
  /** The kubelet itself looks again for them, or pulls again, only after 10 to 15 s. */
  kubelet: 20_000,
  /** Old pods make room, a claim is provisioned. kstatus waits 15 s as well; the verdict shall be there by then. */
  room: 14_000,
  /** The network between node and registry, a volume that still hangs on another node. */
  remote: 45_000,
} as const;

/** One thing in a namespace that speaks against a rollout. */
export interface Sign {
  /** The same while the same thing is wrong with the same object. */
  readonly key: string;
  readonly cause: Cause;
  readonly graceMs: number;
  /**
   * Whether a new pod would know more. A kubelet looks for a missing ConfigMap or Secret again only after 10 to 15 s (measured on
   * 1.34), for a new pod at once: so one pod is replaced, which cannot lose anything since it never started, and its
   * successor decides. One that was applied two seconds late is neither taken for missing nor waited for.
   */
  readonly renew: boolean;
  /** What is wrong, a sentence without the last full stop. */
  readonly sentence: string;
  /** The pod and container whose log explains it; empty where there is none. */
  readonly pod: string;
  readonly container: string;
}

const causesOfTheSite: ReadonlySet<string> = new Set<Cause>([
  'unschedulable',
  'quota',
  'admission',
  'volume',
  'cluster',
]);

/** What the site lacks says nothing about an image. */
export function isOfTheSite(cause: string): boolean {
  return causesOfTheSite.has(cause);
}
