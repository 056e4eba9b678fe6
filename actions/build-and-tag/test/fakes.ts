import type { ActionContext } from '@delivery/core/action/context';
import { readInputs } from '@delivery/core/action/inputs';
import type { Outcome } from '@delivery/core/action/outcome';
import type { RunContext } from '@delivery/core/action/run-context';
import { buildNumberLabel, buildTag, createdLabel, revisionLabel } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import type { Topology } from '@delivery/core/domain/topology';
import type { Problem } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeStep, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';
import type { Output } from '../src/inputs.ts';
import { check, inputs } from '../src/inputs.ts';
import type { Builder, Builders, Recipe } from '../src/ports.ts';
import { run } from '../src/run.ts';

export const repository: Repository = { host: 'registry.example.org', path: 'acme/web' };

export const topology: Topology = {
  images: {
    web: {
      name: 'web',
      repository,
      promoted: undefined,
      build: { context: '.', file: 'Dockerfile', target: undefined },
    },
    bare: { name: 'bare', repository, promoted: undefined, build: undefined },
  },
  projects: {},
};

export const commitA = 'a'.repeat(40);
export const commitB = 'b'.repeat(40);

/** A build as another run left it. */
export function seedBuild(
  registry: FakeRegistry,
  number: number,
  commit: string,
  tags: readonly string[] = [],
): Digest {
  const labels = {
    [buildNumberLabel]: String(number),
    [revisionLabel]: commit,
    [createdLabel]: '2026-09-14T08:00:00.000Z',
  };
  const image = imageFixture({ labels, layer: `${commit} ${number}` });
  for (const tag of tags) registry.seedImage(repository, tag, image);
  return registry.seedImage(repository, buildTag(number), image);
}

/** A builder that pushes into a fake registry; `whileBuilding` and `whilePushing` are what others do in the meantime. */
export class FakeBuilder implements Builder {
  readonly name = 'docker';
  readonly built: Recipe[] = [];
  readonly pushed: string[] = [];
  problems: readonly Problem[] = [];
  whileBuilding: () => void | Promise<void> = () => undefined;
  afterPush: () => void = () => undefined;
  /** Turns the true digest into what the builder claims to have pushed. */
  claim: (digest: Digest) => Digest = (digest) => digest;
  labels: (recipe: Recipe) => ReadonlyMap<string, string> = ({ labels }) => labels;
  readonly #registry: FakeRegistry;

  constructor(registry: FakeRegistry) {
    this.#registry = registry;
  }

  async check(): Promise<readonly Problem[]> {
    return this.problems;
  }

  async build(recipe: Recipe, _: unknown, signal: AbortSignal): Promise<void> {
    await this.whileBuilding();
    signal.throwIfAborted();
    this.built.push(recipe);
  }

  async push(recipe: Recipe, { tag = '' }: { tag?: string }): Promise<Digest> {
    const labels = Object.fromEntries(this.labels(recipe));
    const digest = this.#registry.seedImage(repository, tag, imageFixture({ labels }));
    this.pushed.push(tag);
    this.afterPush();
    return this.claim(digest);
  }
}

export interface Scene {
  readonly registry: FakeRegistry;
  readonly builder: FakeBuilder;
  readonly step: FakeStep;
  /** The registry as this run sees it, when it is not the fake itself. */
  readonly seenRegistry?: Registry;
}

export function newScene(): Scene {
  const registry = new FakeRegistry();
  return { registry, builder: new FakeBuilder(registry), step: new FakeStep() };
}

/** Runs the action of build 268, commit A, unless `changes` say otherwise. */
export async function runAction(
  { registry, builder, step, seenRegistry = registry }: Scene,
  given: Readonly<Record<string, string>> = {},
  changes: Partial<RunContext> = {},
): Promise<Outcome<Output>> {
  const { log, clock, mask, cancelled: signal } = step;
  const context: ActionContext = { log, clock, mask, signal, run: { ...someRun, sha: commitA, ...changes } };
  const source = { get: (name: string) => given[name] ?? '', mask };
  const builders: Builders = { open: async () => builder };
  return run(readInputs(inputs, source, check), { topology, registry: seenRegistry, builders }, context);
}
