import { quoted } from '@delivery/core/domain/delivery/found';
import { pickImage, pickProject } from '@delivery/core/domain/delivery/pick';
import type { ImageTopology, Project, ProjectWorkload, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';

/** What delivery.yaml says of the project and the image that the inputs name. */
export interface Aim {
  readonly project: Project;
  readonly image: ImageTopology;
  readonly workloads: readonly ProjectWorkload[];
}

/** Throws InputError for names that delivery.yaml does not know, or that do not belong together. */
export function findAim(inputs: Pick<Inputs, 'project' | 'image'>, topology: Topology): Aim {
  const project = pickProject(topology, inputs.project);
  const image = pickImage(topology, inputs.image);
  if (project.follows !== 'latest') {
    const message = `${quoted(project.name)} follows stable: promote-stable deploys to it`;
    throw new InputError([{ field: 'project', message }]);
  }
  const workloads = Object.hasOwn(project.workloads, image.name) ? (project.workloads[image.name] ?? []) : [];
  if (workloads.length === 0) {
    throw new InputError([
      { field: 'image', message: `project ${project.name} has no workloads for ${quoted(image.name)}` },
    ]);
  }
  return { project, image, workloads };
}
