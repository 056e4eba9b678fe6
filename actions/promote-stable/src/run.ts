import type { Catalogue } from '@delivery/core/action/catalogue';
import { readCatalogue } from '@delivery/core/action/catalogue';
import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import { find, pick } from '@delivery/core/action/catalogue-pick';
import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import type { TagState } from '@delivery/core/action/copy-image-tags';
import { readTags } from '@delivery/core/action/copy-image-tags';
import type { Outcome } from '@delivery/core/action/outcome';
import { preflight } from '@delivery/core/action/preflight';
import { stableTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import { shortDigest } from '@delivery/core/domain/digest';
import type { TestVerdict } from '@delivery/core/domain/ledger';
import { stableBefore, testedVerdict, testEventOf } from '@delivery/core/domain/ledger';
import { ActionError } from '@delivery/core/errors/errors';
import type { Targets } from './aim.ts';
import { findTargets, reachedBy } from './aim.ts';
import { announced, earlierBackups, namesOf } from './back-up-first.ts';
import { carryOut } from './carry-out.ts';
import type { Change } from './difference.ts';
import { showDifference } from './difference.ts';
import type { Inputs, Output } from './inputs.ts';
import { missingBuild, refused } from './refusal.ts';
import type { PromotePlan, Refusal } from './plan.ts';
import { planPromotion, versionOf } from './plan.ts';
import type { BackupPlan } from './plan-backups.ts';
import { planBackups } from './plan-backups.ts';
import type { Ports } from './ports.ts';
import type { Request } from './request.ts';
import { requestOf } from './request.ts';
import { needsOf } from './rights.ts';
import { tell, titleOf } from './report.ts';

/** How many builds are read in detail: what a person looks through. */
const builds = 20;

/** Observe, plan, show; then rehearse, copy, move stable, bring it to what follows; and back when that fails. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { log, signal } = context;
  const request = requestOf(inputs);
  const { image, targets, left } = findTargets(ports.topology, request.image, inputs.project);
  // The kubeconfig is an input: it is found wrong before anything is asked. A dry run asks no cluster.
  if (!request.dryRun)
    connectAll(
      [...targets.aims, ...targets.places].map(({ project }) => project),
      ports.cluster,
    );
  if (request.requestId !== undefined) log.info(`The call's request id is ${request.requestId}.`);
  const catalogue = await readCatalogue(image, ports.registry, signal, { limit: builds });
  const offer = { catalogue, test: testEventOf(ports.topology, image.name) };
  let chosen: CatalogueBuild;
  try {
    chosen = await pick(request.build, catalogue);
  } catch (error) {
    if (!(error instanceof ActionError) || error.code !== 'build-missing') throw error;
    return missingBuild(error, offer, context);
  }
  const test = testedVerdict(chosen.records, offer.test);
  const version = versionOf(chosen, request.version);
  const tags = await readTags(
    image.promoted,
    [...(version === undefined ? [] : [version]), stableTag],
    ports.registry,
    signal,
  );
  const observed = { chosen, test, tags, version };
  const decided = decide(observed, catalogue, { request, inputs, targets });
  if (decided.do === 'refuse') return refused(decided, chosen, offer, context);
  const { plan, backups } = decided;
  const { stable } = catalogue;
  const change: Change = { stable, chosen, test, direction: plan.direction, version: plan.version };
  const difference = await showDifference(change, ports.gitHub, context);
  const warnings = [...plan.warnings, ...earlierBackups(change)];
  for (const warning of warnings) log.warning(warning);
  const story = { image: image.name, change, difference: [...difference, ...announced(backups)], warnings };
  if (request.dryRun) {
    const saved = backups.projects.length === 0 ? '' : `, after a backup of ${namesOf(backups.projects)}`;
    const reason = `Dry run: ${titleOf(image.name, change)} would become stable (${plan.direction})${saved}. Nothing was changed.`;
    return tell({ ...story, result: 'success', reason });
  }
  await preflight('promote-stable', needsOf(targets, backups, inputs), ports.permissions, context);
  const wayBack = await wayBackOf(change, catalogue);
  const promotion = { image, change, wayBack, builtTags: catalogue.tags, tags, reason: request.reason };
  return carryOut(promotion, story, { inputs, targets, left, backups, ports }, context);
}

interface Observed {
  readonly chosen: CatalogueBuild;
  readonly test: TestVerdict;
  /** The version, where one is known, and `stable`. */
  readonly tags: readonly TagState[];
  readonly version: string | undefined;
}

interface Asked {
  readonly request: Request;
  readonly inputs: Inputs;
  readonly targets: Targets;
}

type Decided = Refusal | { readonly do: 'promote'; readonly plan: PromotePlan; readonly backups: BackupPlan };

/** Whether it is promoted, in which direction, and what is backed up before. */
function decide(
  { chosen, test, tags, version }: Observed,
  catalogue: Catalogue,
  { request, inputs, targets }: Asked,
): Decided {
  const { stable, builds: known } = catalogue;
  const odd = whyOdd(tags.at(-1)?.digest, chosen, catalogue, inputs);
  const plan =
    odd ??
    planPromotion({
      ...{ chosen, test, stable, known, version: request.version, force: inputs.force },
      isPrevious: request.build.kind === 'previous',
      versionInUse: tags.find(({ tag }) => tag === version)?.digest,
      requireTested: inputs['require-tested'],
    });
  if (plan.do === 'refuse') return plan;
  const backups = planBackups(request.backupFirst, plan.direction, reachedBy(targets));
  return backups.do === 'refuse' ? backups : { do: 'promote', plan, backups };
}

/** Why nothing can be said of what is stable now, or it is not what it was to be. */
function whyOdd(
  named: Digest | undefined,
  chosen: CatalogueBuild,
  { stable, unreadable }: Catalogue,
  { 'expect-stable': expected, force }: Inputs,
): Refusal | undefined {
  const refuse = (reason: string, next: string) =>
    ({ do: 'refuse', reason, next: `${next} Nothing was changed.` }) as const;
  if (named !== undefined && stable === undefined && !force) {
    const why = unreadable.find(({ tags }) => tags.includes(stableTag))?.why ?? 'it was set a moment ago';
    const next = 'Whether this goes back cannot be told; set force: true to go on all the same.';
    return refuse(`What is stable now, ${shortDigest(named)}, cannot be read: ${why}.`, next);
  }
  if (stable !== undefined && named !== stable.digest)
    return refuse('stable was moved by somebody else while it was being looked at.', 'Look at it and run this again.');
  // A run that goes on after an interruption finds what it has set itself.
  if (expected !== undefined && named !== chosen.digest && expected !== (named ?? 'none')) {
    const is = named === undefined ? 'nothing' : shortDigest(named);
    const was = expected === 'none' ? 'nothing' : shortDigest(expected);
    return refuse(`${is} is stable now, not ${was}, which was shown.`, 'Start a new promotion, to see the difference.');
  }
  return undefined;
}

/** A promotion that was interrupted finds stable moved already: then the ledger knows what was before. */
async function wayBackOf({ stable, chosen }: Change, catalogue: Catalogue): Promise<CatalogueBuild | undefined> {
  if (stable && stable.digest !== chosen.digest) return stable;
  const before = stableBefore(chosen.digest, chosen.records);
  const found = before && (await find({ kind: 'digest', digest: before }, catalogue));
  return typeof found === 'string' ? undefined : found;
}
