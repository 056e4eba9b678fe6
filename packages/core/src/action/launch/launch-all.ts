import type { Clusters } from '../../ports/clusters.ts';
import type { Web } from '../../ports/web.ts';
import type { ActionContext } from '../context.ts';
import type { LaunchChoices, Place } from './choices.ts';
import type { LaunchedBuild } from './loader-task.ts';
import { loaderTask } from './loader-task.ts';
import { launchIn } from './place.ts';
import type { Scene } from './scene.ts';
import type { PlaceEnd } from './verdict.ts';

export interface LaunchPorts extends Pick<Clusters, 'jobs'> {
  readonly web: Web;
}

/** Launches the build in every place, side by side; what is wrong with one does not hold up the others. */
export async function launchAll(
  places: readonly Place[],
  launched: LaunchedBuild,
  choices: LaunchChoices,
  { jobs, web }: LaunchPorts,
  { log, clock, signal, run }: ActionContext,
): Promise<readonly PlaceEnd[]> {
  log.info(`${launched.title} for ${places.map(({ project }) => project.name).join(', ')}`);
  return Promise.all(
    places.map(async (place) => {
      const scene: Scene = {
        ...{ log, clock, signal, choices },
        jobs: jobs(place.project.cluster),
        task: loaderTask(place, launched, run, web),
        timeoutMs: choices.timeout ?? place.job.timeoutMs,
        prefix: places.length > 1 ? `[${place.project.name}] ` : '',
      };
      const end = { place, ...(await launchIn(scene)) };
      log.info(`${scene.prefix}${end.verdict}: ${end.sentence}`);
      return end;
    }),
  );
}
