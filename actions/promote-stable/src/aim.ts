import type { Place } from '@delivery/core/action/launch/choices';
import type { Aim } from '@delivery/core/action/rollout/aim';
import { quoted } from '@delivery/core/domain/delivery/found';
import { chooseProjects, jobsOf, pickImage, workloadsOf } from '@delivery/core/domain/delivery/pick';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { ImageTopology, Project, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';

/** What follows stable: where it is rolled out, and where it is launched. */
export interface Targets {
  readonly aims: readonly Aim[];
  readonly places: readonly Place[];
}

export interface PromotedImage extends ImageTopology {
  readonly promoted: Repository;
}

/** Throws InputError for names that delivery.yaml does not know, and for what is not promoted. */
export function findTargets(
  topology: Topology,
  imageName: string,
  projects: readonly string[],
): { image: PromotedImage; targets: Targets; left: readonly string[] } {
  const image = pickImage(topology, imageName);
  const { promoted } = image;
  if (!promoted) {
    const message = `${quoted(image.name)} has no field promoted in delivery.yaml: where its versions and stable go`;
    throw new InputError([{ field: 'image', message }]);
  }
  const aims = workloadsOf(topology, image.name)
    .filter(followsStable)
    .map(({ project, workloads }): Aim => ({ project, image: image.name, repository: promoted, workloads }));
  const places = jobsOf(topology, image.name).filter(followsStable);
  const lacks = `has neither workloads nor a job that follow stable of ${quoted(image.name)}`;
  const chosen = new Set(chooseProjects(topology, projects, [...aims, ...places], lacks, 'project'));
  const isChosen = ({ project }: { readonly project: Project }) => [...chosen].some((one) => one.project === project);
  const left = [...new Set([...aims, ...places].filter((one) => !isChosen(one)).map(({ project }) => project.name))];
  const meant = { aims: aims.filter(isChosen), places: places.filter(isChosen) };
  return { image: { ...image, promoted }, targets: meant, left };
}

/** Every project that the image comes to, once. */
export function reachedBy({ aims, places }: Targets): readonly Project[] {
  return [...new Set([...aims, ...places].map(({ project }) => project))];
}

function followsStable({ project }: { readonly project: Project }): boolean {
  return project.follows === 'stable';
}
