import { quoted } from '@delivery/core/domain/delivery/found';
import { jobsOf, pickImage, pickProject } from '@delivery/core/domain/delivery/pick';
import type { ImageTopology, Project, ProjectJob, Topology } from '@delivery/core/domain/topology';
import type { Problem } from '@delivery/core/errors/errors';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';

/** A project and what is launched there. */
export interface Place {
  readonly project: Project;
  readonly job: ProjectJob;
}

/** Throws one InputError for all names that delivery.yaml does not know, or that have no job for the image. */
export function findPlaces(
  inputs: Pick<Inputs, 'image' | 'projects'>,
  topology: Topology,
): { image: ImageTopology; places: readonly Place[] } {
  const image = pickImage(topology, inputs.image);
  const all = jobsOf(topology, image.name);
  if (all.length === 0) throw wrong('image', `no project of delivery.yaml has a job for ${quoted(image.name)}`);
  if (inputs.projects.length === 0) return { image, places: all };
  const problems: Problem[] = [];
  const places = [...new Set(inputs.projects)].flatMap((name) => {
    try {
      pickProject(topology, name, 'projects');
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
    const place = all.find(({ project }) => project.name === name);
    if (place) return [place];
    const others = all.map(({ project }) => project.name).join(', ');
    const message = `project ${quoted(name)} has no job for ${quoted(image.name)}; those that have: ${others}`;
    problems.push({ field: 'projects', message });
    return [];
  });
  if (problems.length > 0) throw new InputError(problems);
  return { image, places };
}

function wrong(field: string, message: string): InputError {
  return new InputError([{ field, message }]);
}
