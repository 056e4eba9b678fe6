import type { Place } from '@delivery/core/action/launch/choices';
import { quoted } from '@delivery/core/domain/delivery/found';
import { chooseProjects, jobsOf, pickImage } from '@delivery/core/domain/delivery/pick';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';
import { InputError } from '@delivery/core/errors/errors';
import type { Inputs } from './inputs.ts';

/** Throws one InputError for all names that delivery.yaml does not know, or that have no job for the image. */
export function findPlaces(
  inputs: Pick<Inputs, 'image' | 'projects'>,
  topology: Topology,
): { image: ImageTopology; places: readonly Place[] } {
  const image = pickImage(topology, inputs.image);
  const all = jobsOf(topology, image.name);
  if (all.length === 0) {
    const message = `no project of delivery.yaml has a job for ${quoted(image.name)}`;
    throw new InputError([{ field: 'image', message }]);
  }
  return { image, places: chooseProjects(topology, inputs.projects, all, `has no job for ${quoted(image.name)}`) };
}
