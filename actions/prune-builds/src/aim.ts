import { pickImage } from '@delivery/core/domain/delivery/pick';
import { sameRepository } from '@delivery/core/domain/image-reference';
import type { RetentionRule } from '@delivery/core/domain/retention-rule';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';
import type { Problem } from '@delivery/core/errors/errors';
import { InputError } from '@delivery/core/errors/errors';

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
  const problems: Problem[] = [];
  const meant = names.length === 0 ? Object.values(topology.images) : [...new Set(names)].flatMap(pick);
  if (problems.length > 0) throw new InputError(problems);
  const all = meant.flatMap((image) => (image.retention ? [{ image, rule: image.retention }] : []));
  // The rule is the same for all images of a repository (docs/delivery-file.md): the first stands for them.
  const aims = all.filter(
    ({ image }, at) => all.findIndex((other) => sameRepository(other.image.repository, image.repository)) === at,
  );
  const never = meant.filter(({ retention }) => !retention).map(({ name }) => name);
  return { aims, never: names.length === 0 && aims.length > 0 ? [] : never };

  function pick(name: string): ImageTopology[] {
    try {
      return [pickImage(topology, name)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  }
}
