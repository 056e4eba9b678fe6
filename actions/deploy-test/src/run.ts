import type { ActionContext } from '@delivery/core/action/context';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger } from '@delivery/core/action/ledger';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { resolveBuild } from '@delivery/core/action/resolve-build';
import { rollOut } from '@delivery/core/action/rollout/roll-out';
import { buildName } from '@delivery/core/domain/build';
import { isOfTheSite } from '@delivery/core/domain/rollout/cause';
import { findAim } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import type { Ports } from './ports.ts';
import { needsOf } from './rights.ts';

/** Resolves the build that is meant, rolls it out, and notes in the ledger whether it works: what promote-stable asks for. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const aim = findAim(inputs, ports.topology);
  // The kubeconfig is an input: it is found wrong before anything is asked.
  const cluster = ports.cluster(aim.project.cluster);
  await preflight('deploy-test', needsOf(aim, inputs), ports.permissions, context);
  const { registry } = ports;
  const { repository, project } = aim;
  const build = await resolveBuild(inputs.build, repository, registry, context.signal);
  const { digest, number, manifest } = build;
  const title = `${aim.image} ${buildName(build)}`;
  const outcome = await rollOut(aim, { digest, number, title }, inputs, { ...ports, cluster }, context);
  const verdict = verdictOf(outcome);
  if (verdict) {
    const note: Note = { event: 'tested', verdict, project: project.name, build: number, reason: outcome.reason };
    await noteInLedger(note, { repository, subject: manifest, registry }, context);
  }
  return outcome;
}

/** Undefined when the run says nothing about the image. */
function verdictOf({ outputs }: Outcome<Output>): Note['verdict'] | undefined {
  switch (outputs.verdict) {
    case 'healthy':
    case 'unchanged':
      return 'success';
    case 'rolled-back':
    case 'rollback-failed':
    case 'left-failed':
      return typeof outputs.cause === 'string' && isOfTheSite(outputs.cause) ? undefined : 'failure';
    default:
      return undefined;
  }
}
