import type { Digest } from '@delivery/core/domain/digest';
import type { ImageReference } from '@delivery/core/domain/image-reference';
import type { Topology } from '@delivery/core/domain/topology';
import type { Problem } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';

export type BuilderName = 'docker' | 'buildah' | 'podman';

/** What is built, and how. */
export interface Recipe {
  readonly image: string;
  /** Paths relative to the root of the checkout. */
  readonly context: string;
  readonly file: string;
  readonly target: string | undefined;
  /** `linux/amd64`; none: the builder's own. */
  readonly platforms: readonly string[];
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** By id, as a Dockerfile mounts them. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
}

/** A program that makes images. What it prints goes to the log. Throws CommandError. */
export interface Builder {
  readonly name: BuilderName;
  /** What of the recipe it cannot do, or is not there. Changes nothing. */
  check(recipe: Recipe): Promise<readonly Problem[]>;
  /** Builds, and keeps the result to itself. */
  build(recipe: Recipe, reference: ImageReference, signal: AbortSignal): Promise<void>;
  /** Pushes what was built from the same recipe under this one tag; gives the digest that it says it has pushed. */
  push(recipe: Recipe, reference: ImageReference, signal: AbortSignal): Promise<Digest>;
}

export interface Builders {
  /** The builder that is asked for, or the first that works. Throws ActionError (`no-builder`), which names what each lacks. */
  open(choice: BuilderName | 'auto', signal: AbortSignal): Promise<Builder>;
}

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  readonly builders: Builders;
}
