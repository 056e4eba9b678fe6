import { eachOf, pickImage } from '@delivery/core/domain/delivery/pick';
import { sameRepository } from '@delivery/core/domain/image-reference';
import type { RetentionRule } from '@delivery/core/domain/retention-rule';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';

/** An image whose builds are pruned. */
export interface Aim {
  readonly image: ImageTopology;
  readonly rule: RetentionRule;
}

export interface Aims {
  readonly aims: readonly Aim[];
  /** Images that were named and have no `retention`, or all of them when none has. */
  readonly never: readonly string[];
}

/** The images that are named, all with `retention` when none is. Throws one InputError for all names that delivery.yaml does not know. */
export function findAims(names: readonly string[], topology: Topology): Aims {
  const meant =
    names.length === 0 ? Object.values(topology.images) : eachOf(names, (name) => pickImage(topology, name));
  const all = meant.flatMap((image) => (image.retention ? [{ image, rule: image.retention }] : []));
  // The rule is the same for all images of a repository (docs/delivery-file.md): the first stands for them.
  const aims = all.filter(
    ({ image }, at) => all.findIndex((other) => sameRepository(other.image.repository, image.repository)) === at,
  );
  const never = meant.filter(({ retention }) => !retention).map(({ name }) => name);
  return { aims, never: names.length === 0 && aims.length > 0 ? [] : never };
}
