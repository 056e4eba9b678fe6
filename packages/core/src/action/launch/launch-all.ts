import { formatReference } from '../../domain/image-reference.ts';
import type { Repository } from '../../domain/image-reference.ts';
import type { Jobs } from '../../ports/jobs.ts';
import type { Web } from '../../ports/web.ts';
import type { ActionContext } from '../context.ts';
import type { ResolvedBuild } from '../resolve-build.ts';
import type { LaunchChoices, Place } from './choices.ts';
import { launchIn } from './place.ts';
import type { Scene } from './scene.ts';
import type { PlaceEnd } from './verdict.ts';

/** What is launched. */
export interface LaunchedBuild {
  readonly build: Pick<ResolvedBuild, 'digest' | 'number' | 'labels'>;
  /** Where the Jobs pull it from. */
  readonly repository: Repository;
  readonly title: string;
}

export interface LaunchPorts {
  /** That of each place's project, by its context. */
  readonly clusters: ReadonlyMap<string | undefined, Jobs>;
  readonly web: Web;
}

/** Launches the build in every place, side by side; what is wrong with one does not hold up the others. */
export async function launchAll(
  places: readonly Place[],
  { build, repository, title }: LaunchedBuild,
  choices: LaunchChoices,
  { clusters, web }: LaunchPorts,
  { log, clock, signal, run }: ActionContext,
): Promise<readonly PlaceEnd[]> {
  const reference = formatReference({ ...repository, digest: build.digest });
  log.info(`${title} for ${places.map(({ project }) => project.name).join(', ')}`);
  return Promise.all(
    places.map(async (place) => {
      const jobs = clusters.get(place.project.cluster);
      if (!jobs) throw new TypeError('a cluster was not connected');
      const scene: Scene = {
        ...{ log, clock, signal, place, jobs, choices, web },
        wanted: { build, reference, job: place.job, run },
        timeoutMs: choices.timeout ?? place.job.timeoutMs,
        prefix: places.length > 1 ? `[${place.project.name}] ` : '',
      };
      const end = await launchIn(scene);
      log.info(`${scene.prefix}${end.verdict}: ${end.sentence}`);
      return end;
    }),
  );
}
