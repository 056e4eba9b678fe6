import type { Aim } from '@delivery/core/action/rollout/aim';
import { quoted } from '@delivery/core/domain/delivery/found';
import { pickImage, pickProject } from '@delivery/core/domain/delivery/pick';
import type { Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';

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
  return { project, image: image.name, repository: image.repository, workloads };
}
