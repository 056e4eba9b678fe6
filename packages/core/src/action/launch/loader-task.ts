import { formatReference } from '../../domain/image-reference.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { revisionLabel } from '../../domain/build.ts';
import { dataOriginLabel } from '../../domain/data-directory.ts';
import type { Web } from '../../ports/web.ts';
import type { ResolvedBuild } from '../resolve-build.ts';
import type { RunContext } from '../run-context.ts';
import type { Place } from './choices.ts';
import { marks } from './plan.ts';
import type { Task, Words } from './task.ts';

/** What is launched. */
export interface LaunchedBuild {
  readonly build: Pick<ResolvedBuild, 'digest' | 'number' | 'labels'>;
  /** Where the Jobs pull it from. */
  readonly repository: Repository;
  readonly title: string;
}

/** A load of the build in one project. */
export function loaderTask(
  { project, job }: Place,
  { build, repository }: Pick<LaunchedBuild, 'build' | 'repository'>,
  run: RunContext,
  web: Web,
): Task {
  return {
    project,
    cronJob: job.cronJob,
    wanted: {
      containers: job.containers,
      image: formatReference({ ...repository, digest: build.digest }),
      env: {},
      labels: {
        [marks.build]: build.number === undefined ? '' : String(build.number),
        [marks.commit]: build.labels[revisionLabel] ?? '',
        [marks.dataOrigin]: build.labels[dataOriginLabel] ?? '',
      },
      identity: { [marks.digest]: build.digest },
      adoptsEnded: true,
      removes: 'all',
      run,
    },
    proof: { by: 'signs', signs: job.succeeds, web },
    words: wordsFor(project.name),
  };
}

function wordsFor(project: string): Words {
  return {
    name: 'loader',
    field: 'jobs',
    blocked: `The next build of the image tries again; or run this again for ${project} alone when it has ended.`,
    removed: 'Its load may have been broken off.',
    notBegun: 'had loaded nothing',
    deleted: 'What was being loaded at that moment may be incomplete: load again.',
  };
}
