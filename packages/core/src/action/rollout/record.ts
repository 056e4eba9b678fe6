import { oneLine } from '../../domain/printable.ts';
import type { RunContext } from '../run-context.ts';
import { runUrl } from '../run-context.ts';
import { ActionError } from '../../errors/errors.ts';
import type { DeploymentState, GitHub } from '../../ports/github.ts';
import type { Log } from '../../ports/log.ts';

/** A deployment as GitHub's pages show it. That it could not be recorded is a warning and never fails the deployment. */
export interface DeploymentRecord {
  finish(state: DeploymentState, description: string): Promise<void>;
}

export interface RecordedDeployment {
  readonly environment: string;
  readonly build: string;
  readonly digest: string;
  /** Where the application answers; undefined when no check says so. */
  readonly url: string | undefined;
}

const noRecord: DeploymentRecord = { finish: async () => undefined };

export async function startRecord(
  gitHub: GitHub | undefined,
  deployment: RecordedDeployment | undefined,
  run: RunContext,
  log: Log,
): Promise<DeploymentRecord> {
  if (!gitHub || !deployment) return noRecord;
  const { environment, build, digest, url } = deployment;
  const logUrl = runUrl(run);
  // The record of a cancelled run is finished as well: the runtime bounds the time that takes.
  const { signal } = new AbortController();
  const record = { environment, sha: run.sha, description: build, payload: { build, digest } };
  const id = await orWarn(log, () => gitHub.createDeployment(record, signal));
  if (id === undefined) return noRecord;
  const add = async (state: DeploymentState, description: string) => {
    const status = {
      state,
      description: oneLine(description, 139),
      logUrl,
      ...(url !== undefined && { environmentUrl: url }),
    };
    await orWarn(log, () => gitHub.addDeploymentStatus(id, status, signal));
  };
  await add('in_progress', `${build} is being rolled out`);
  return { finish: add };
}

async function orWarn<T>(log: Log, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    log.warning(`The deployment is not recorded on GitHub: ${error.message}`);
    return undefined;
  }
}
