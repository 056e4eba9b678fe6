import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackProject } from './stack-project.ts';

interface JobObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly ownerReferences?: readonly { name: string }[];
  };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: { image: string; command?: string[] }[] } };
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface LoaderJob {
  readonly name: string;
  readonly uid: string;
  readonly image: string;
  /** `Complete`, `Failed`, or undefined while it is neither. */
  readonly ended: string | undefined;
}

/** The Jobs of a project that come from its CronJob `loader`. */
export async function loaderJobs({ kubectl, namespace }: StackProject): Promise<LoaderJob[]> {
  const { items } = await kubectl.get<{ items: JobObject[] }>(namespace, 'job');
  const ours = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === 'loader'));
  return ours.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    uid: metadata.uid,
    image: spec.template.spec.containers[0]?.image ?? 'none',
    ended: status?.conditions?.find(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True')
      ?.type,
  }));
}

/** A Job made by hand from the CronJob, as an operator does it, that runs until it is let go. */
export class HeldJob {
  readonly #project: StackProject;
  readonly #release: string;

  private constructor(project: StackProject) {
    this.#project = project;
    this.#release = join(project.data.volume, 'release');
  }

  static async start(project: StackProject, image: string): Promise<HeldJob> {
    const { kubectl, namespace } = project;
    const held = new HeldJob(project);
    rmSync(held.#release, { force: true });
    const options = ['--from=cronjob/loader', '--dry-run=client', '-o', 'json'];
    const job = JSON.parse(await kubectl.run(['-n', namespace, 'create', 'job', 'held', ...options])) as JobObject;
    for (const container of job.spec.template.spec.containers) {
      container.image = image;
      container.command = ['sh', '-c', 'until [ -e /fragalysis/release ]; do sleep 1; done; echo held no more'];
    }
    await kubectl.run(['-n', namespace, 'create', '-f', '-'], JSON.stringify(job));
    await held.#waitFor('jsonpath={.status.ready}=1');
    return held;
  }

  /** Lets it run to its end. */
  async release(): Promise<void> {
    writeFileSync(this.#release, '');
    await this.#waitFor('condition=complete');
  }

  async #waitFor(what: string): Promise<void> {
    const { kubectl, namespace } = this.#project;
    await kubectl.run(['-n', namespace, 'wait', `--for=${what}`, 'job/held', '--timeout=60s']);
  }
}
