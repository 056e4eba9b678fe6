import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { readBuild } from '@delivery/core/action/resolve-build';
import { latestTag } from '@delivery/core/domain/build';
import type { DataDirectory } from '@delivery/core/domain/data-directory';
import { dataOriginLabel, decideData } from '@delivery/core/domain/data-directory';
import { quoted } from '@delivery/core/domain/delivery/found';
import { pickImage, pickProject } from '@delivery/core/domain/delivery/pick';
import type { RequestId } from '@delivery/core/domain/request-id';
import { ActionError, InputError } from '@delivery/core/errors/errors';
import type { Inputs, Output } from './inputs.ts';
import { lookThroughCluster } from './look.ts';
import type { Ports } from './ports.ts';
import { broken, tell } from './report.ts';
import { needsOf } from './rights.ts';

/** Looks at the data and at the image, and says whether there is data that the image has not been built for. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const call = callOf(inputs);
  try {
    return await detect(call, inputs, ports, context);
  } catch (error) {
    // Whoever called is to hear of it, whatever it is: the outputs are what the answer is made from.
    if (!(error instanceof ActionError) || call.requestId === undefined) throw error;
    return broken(error, call.requestId);
  }
}

async function detect(
  { dataOrigin: wanted, force, requestId }: DataCall,
  inputs: Inputs,
  ports: Ports,
  context: ActionContext,
): Promise<Outcome<Output>> {
  const { repository } = pickImage(ports.topology, inputs.image);
  if (requestId !== undefined) context.log.info(`The call's request id is ${requestId}.`);
  const latest = await readBuild(latestTag, repository, ports.registry, context.signal);
  const found = await look(inputs, ports, context);
  const decision = decideData(found, { wanted, last: latest?.labels[dataOriginLabel], force });
  return tell(decision, found, requestId);
}

interface DataCall {
  readonly dataOrigin: string | undefined;
  readonly force: boolean;
  readonly requestId: RequestId | undefined;
}

function callOf({ payload, 'data-origin': dataOrigin, force }: Inputs): DataCall {
  return {
    dataOrigin: payload?.['data-origin'] ?? dataOrigin,
    force: payload?.force === true || force,
    requestId: payload?.['request-id'],
  };
}

/** In the root where the runner sees it, else through the project's cluster. */
async function look(inputs: Inputs, ports: Ports, context: ActionContext): Promise<readonly DataDirectory[]> {
  const seen = await ports.root?.list(context.signal);
  if (seen) return seen;
  if (inputs.root !== undefined) context.log.info(`root ${quoted(inputs.root)} is not there or may not be read.`);
  const project = pickProject(ports.topology, inputs.project);
  if (project.data) {
    const jobs = ports.jobs(project.cluster);
    await preflight('detect-data', needsOf(project), ports.permissions, context);
    return lookThroughCluster({ ...project, cronJob: project.data.cronJob }, jobs, inputs.timeout, context);
  }
  const what =
    inputs.root === undefined ? 'is not given' : `${quoted(inputs.root)} is no directory that this runner can read`;
  const message = `${what}, and project ${project.name} has no data in delivery.yaml: give a directory that the runner sees, or projects.${project.name}.data.cronJob`;
  throw new InputError([{ field: 'root', message }]);
}
