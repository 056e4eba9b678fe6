import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroundState } from '../ground/state.ts';
import type { BundleRun, StartedBundle } from './bundle.ts';
import { startBundle } from './bundle.ts';
import { runnerEnvironment } from './runner-environment.ts';

/** The checkout of a repository with one image, and the environment of a step that works in it. */
export class Checkout {
  readonly dir: string;
  readonly #state: GroundState;

  constructor(state: GroundState, files: Readonly<Record<string, string>>) {
    this.#state = state;
    this.dir = mkdtempSync(join(state.directories.run, 'checkout-'));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.dir, name), content);
  }

  start(action: string, inputs: Readonly<Record<string, string>>, run: StepRun = {}): StartedBundle {
    const { basic } = this.#state.registries;
    const login = { 'registry-username': basic.username, 'registry-password': basic.password };
    const env = {
      ...runnerEnvironment(this.#state),
      GITHUB_WORKSPACE: this.dir,
      GITHUB_REPOSITORY: 'acme/stack',
      GITHUB_SERVER_URL: 'https://github.example.org',
      GITHUB_SHA: run.sha ?? 'a'.repeat(40),
      GITHUB_RUN_NUMBER: String(run.number ?? 1),
      GITHUB_RUN_ATTEMPT: String(run.attempt ?? 1),
      GITHUB_RUN_ID: String(run.id ?? 1),
    };
    const plugin = { '.docker/cli-plugins/docker-buildx': this.#state.programs.buildx };
    return startBundle(action, { config: 'delivery.yaml', ...login, ...inputs }, env, plugin);
  }

  run(...start: Parameters<Checkout['start']>): Promise<BundleRun> {
    return this.start(...start).done;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export interface StepRun {
  readonly sha?: string;
  readonly number?: number;
  readonly id?: number;
  readonly attempt?: number;
}
