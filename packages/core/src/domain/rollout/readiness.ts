import type { NamespaceView, Workload } from '../workload.ts';
import { bare, lastEvent } from './container-signs.ts';
import { isReady, newestPods } from './newest.ts';

/** A pod of the newest template that runs but is not ready, with what its probe said last. */
export function lastProbeFailure(
  workload: Workload,
  view: NamespaceView,
): { readonly sentence: string; readonly pod: string; readonly container: string } | undefined {
  for (const pod of newestPods(workload, view)) {
    if (isReady(pod)) continue;
    const container = pod.containers.find(({ init, ready, state }) => !init && !ready && state.is === 'running');
    if (!container) continue;
    const probe = lastEvent(view.events, ({ object, reason }) => object.uid === pod.uid && reason === 'Unhealthy');
    const why = probe ? `: ${bare(probe.message)}` : '';
    return {
      sentence: `container ${container.name} of pod ${pod.name} runs but is not ready${why}`,
      pod: pod.name,
      container: container.name,
    };
  }
  return undefined;
}
