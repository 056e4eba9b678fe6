import { ActionError } from '@delivery/core/errors/errors';
import type { Exec } from '@delivery/core/ports/exec';
import type { BuilderName, Builders } from '../ports.ts';
import { buildahBuilder } from './buildah.ts';
import { buildxBuilder } from './buildx.ts';
import type { Workshop } from './workshop.ts';

/** A daemon that does not answer by then is none. */
const answerWithinMs = 20_000;

/** The builders that are installed on the runner. */
export function runnerBuilders(workshop: Workshop): Builders {
  return {
    async open(choice, signal) {
      const lacks: string[] = [];
      for (const name of choice === 'auto' ? (['docker', 'buildah', 'podman'] as const) : [choice]) {
        const lack = await findLack(name, workshop.exec, signal);
        if (lack === undefined) return name === 'docker' ? buildxBuilder(workshop) : buildahBuilder(name, workshop);
        lacks.push(lack);
      }
      throw new ActionError('no-builder', `No builder can be used: ${lacks.join('; ')}`, {
        hint: 'Install one on the runner: docker with buildx (docker/setup-buildx-action), buildah or podman.',
      });
    },
  };
}

/** Why a builder cannot be used; undefined when it can. */
async function findLack(name: BuilderName, exec: Exec, signal: AbortSignal): Promise<string | undefined> {
  if ((await exec.find(name)) === undefined) return `${name} is not on PATH`;
  if (name !== 'docker') return undefined;
  if (!(await answers(exec, ['version', '--format={{.Server.Version}}'], signal)))
    return "docker's daemon does not answer";
  if (!(await answers(exec, ['buildx', 'version'], signal))) return 'docker has no buildx';
  return undefined;
}

async function answers(exec: Exec, args: readonly string[], signal: AbortSignal): Promise<boolean> {
  const late = AbortSignal.timeout(answerWithinMs);
  try {
    return (await exec.run('docker', args, { signal: AbortSignal.any([signal, late]) })).exitCode === 0;
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return false;
    throw error;
  }
}
