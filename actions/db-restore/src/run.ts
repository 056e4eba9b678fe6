import { age } from '@delivery/core/action/builds-table';
import type { ActionContext } from '@delivery/core/action/context';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { failingCheck } from '@delivery/core/action/rollout/checks';
import { parseBackupName } from '@delivery/core/domain/backup/name';
import type { RestoreReport } from '@delivery/core/domain/backup/report';
import type { Web } from '@delivery/core/ports/web';
import type { Aim } from './aim.ts';
import { findAim } from './aim.ts';
import type { Inputs, Output } from './inputs.ts';
import { judge } from './judge.ts';
import type { RestorePlan } from './plan.ts';
import { planRestore, variablesOf } from './plan.ts';
import type { Ports } from './ports.ts';
import type { Doubt, Prepared } from './prepare.ts';
import { prepare } from './prepare.ts';
import { needsOf } from './rights.ts';
import type { Scene } from './scene.ts';
import { runThere } from './scene.ts';
import { tellList } from './tell-list.ts';
import { tellNothing, tellPlanned, tellRestored, tellUnknown } from './tell.ts';

const notToBeSaved: Prepared = { doubts: [], saved: '', blocks: [] };

/** Aim, plan; save what production has; restore, judge what is reported, ask the pages. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const aim = findAim(inputs, ports.topology);
  const plan = planRestore(inputs, aim);
  if (plan.do === 'refuse') return tellNothing(plan.reason, plan.next);
  const { target } = aim;
  const timeoutMs = inputs.timeout ?? target.database?.restore?.timeoutMs ?? 0;
  const scene: Scene = { aim, inputs, jobs: ports.jobs(target.cluster), timeoutMs };
  const backsUp = plan.do === 'restore' && plan.backUpFirst;
  await preflight('db-restore', needsOf(aim, inputs, backsUp), ports.permissions, context);
  if (plan.do === 'restore') return restore(plan, scene, ports.web, context);
  const end = await runThere(variablesOf(aim, plan), scene, context);
  return tellList(end, aim, context.clock.now());
}

async function restore(plan: RestorePlan, scene: Scene, web: Web, context: ActionContext): Promise<Outcome<Output>> {
  const { aim } = scene;
  for (const warning of plan.warnings) context.log.warning(warning);
  const prepared = plan.backUpFirst ? await prepare(plan, scene, context) : notToBeSaved;
  if (prepared.failure) {
    const { sentence, next } = prepared.failure;
    return tellNothing(`Nothing was restored: ${sentence}.`, next, plan.warnings, prepared.blocks);
  }
  const end = await runThere(variablesOf(aim, plan), scene, context);
  if (end.verdict === 'planned') return tellPlanned(aim, plan, end.sentence);
  if (end.verdict !== 'reported' || end.report.command !== 'restore') return tellUnknown(aim, plan, prepared, end);
  const { report } = end;
  const judged = judge(report, plan);
  const told = { aim, plan, report, prepared };
  if (judged.result === 'failure')
    return tellRestored({ ...told, failure: judged, doubts: [], now: context.clock.now() });
  const doubts = [
    ...(judged.result === 'unstable' ? [judged] : []),
    ...prepared.doubts,
    ...tooOld(report, plan, aim, context.clock.now()),
    ...(await wrongPages(plan, aim, web, context)),
  ];
  return tellRestored({ ...told, failure: undefined, doubts, now: context.clock.now() });
}

/** The newest backup is to be newer than the topology's maxAge. */
function tooOld({ backup }: RestoreReport, plan: RestorePlan, { from }: Aim, now: Date): Doubt[] {
  const maxAgeMs = from.database?.backup?.maxAgeMs;
  const at = parseBackupName(backup)?.at;
  if (plan.backup.kind !== 'latest' || maxAgeMs === undefined || !at) return [];
  const old = now.getTime() - at.getTime();
  if (old <= maxAgeMs) return [];
  const next = `Find out why no newer backup of ${from.name} was made.`;
  return [{ sentence: `the newest backup is ${age(old)} old, more than ${age(maxAgeMs)}`, next }];
}

/** Nothing is rolled out: the pages say whether the web gets on with the database as it is now. */
async function wrongPages(
  { drill }: RestorePlan,
  { target }: Aim,
  web: Web,
  { clock, signal, log }: ActionContext,
): Promise<Doubt[]> {
  if (drill || target.checks.length === 0) return [];
  log.info(`Asking the pages of ${target.name}`);
  const wrong = await failingCheck(target.checks, web, clock, signal);
  if (wrong === undefined) return [];
  const next = 'The database itself is restored. See below what the web may need; docs/db-restore.md.';
  return [{ sentence: `a page of ${target.name} is not right: ${wrong}`, next }];
}
