import type { Catalogue } from '@delivery/core/action/catalogue';
import { readCatalogue } from '@delivery/core/action/catalogue';
import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import { find, pick } from '@delivery/core/action/catalogue-pick';
import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import { readTags } from '@delivery/core/action/copy-image-tags';
import type { Outcome } from '@delivery/core/action/outcome';
import { stableTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import { shortDigest } from '@delivery/core/domain/digest';
import { stableBefore, testedVerdict, testEventOf } from '@delivery/core/domain/ledger';
import { ActionError } from '@delivery/core/errors/errors';
import type { Targets } from './aim.ts';
import { findTargets } from './aim.ts';
import type { DeliverChoices, ProjectEnd } from './deliver.ts';
import { deliver } from './deliver.ts';
import type { Change } from './difference.ts';
import { showDifference } from './difference.ts';
import type { Inputs, Output } from './inputs.ts';
import { missingBuild, refused } from './refusal.ts';
import type { Plan } from './plan.ts';
import { planPromotion, versionOf } from './plan.ts';
import type { Connected, Ports } from './ports.ts';
import type { Promotion } from './promotion.ts';
import { goBack, moveStable } from './promotion.ts';
import { requestOf } from './request.ts';
import type { Story } from './report.ts';
import { tell, titleOf } from './report.ts';

/** How many builds are read in detail: what a person looks through. */
const builds = 20;

/** Observe, plan, show; then rehearse, copy, move stable, bring it to what follows; and back when that fails. */
export async function run(inputs: Inputs, ports: Ports, context: ActionContext): Promise<Outcome<Output>> {
  const { log, signal } = context;
  const request = requestOf(inputs);
  const { image, targets, left } = findTargets(ports.topology, request.image, inputs.project);
  // The kubeconfig is an input: it is found wrong before anything is asked. A dry run asks no cluster.
  const connected = request.dryRun ? undefined : connect(targets, ports);
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
  const { stable } = catalogue;
  const odd = whyOdd(tags.at(-1)?.digest, chosen, catalogue, inputs);
  const plan =
    odd ??
    planPromotion({
      ...{ chosen, test, stable, known: catalogue.builds, version: request.version, force: inputs.force },
      isPrevious: request.build.kind === 'previous',
      versionInUse: tags.find(({ tag }) => tag === version)?.digest,
      requireTested: inputs['require-tested'],
    });
  if (plan.do === 'refuse') return refused(plan, chosen, offer, context);

  const change: Change = { stable, chosen, test, direction: plan.direction, version: plan.version };
  const difference = await showDifference(change, ports.gitHub, context);
  for (const warning of plan.warnings) log.warning(warning);
  const story = { image: image.name, change, difference, warnings: plan.warnings };
  if (!connected) {
    const reason = `Dry run: ${titleOf(image.name, change)} would become stable (${plan.direction}). Nothing was changed.`;
    return tell({ ...story, result: 'success', reason });
  }
  const wayBack = await wayBackOf(change, catalogue);
  const promotion = { image, change, wayBack, builtTags: catalogue.tags, tags, reason: request.reason };
  return promote(promotion, story, { inputs, targets, left, connected }, context);
}

/** Why nothing can be said of what is stable now, or it is not what it was to be. */
function whyOdd(
  named: Digest | undefined,
  chosen: CatalogueBuild,
  { stable, unreadable }: Catalogue,
  { 'expect-stable': expected, force }: Inputs,
): Extract<Plan, { do: 'refuse' }> | undefined {
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

type Base = Pick<Story, 'image' | 'change' | 'difference' | 'warnings'>;

interface Scene {
  readonly inputs: Inputs;
  readonly targets: Targets;
  /** Projects that follow stable and are not meant. */
  readonly left: readonly string[];
  readonly connected: Connected;
}

async function promote(
  promotion: Promotion,
  story: Base,
  { inputs, targets, left, connected }: Scene,
  context: ActionContext,
): Promise<Outcome<Output>> {
  const { image, change } = promotion;
  const { chosen } = change;
  const build = {
    build: chosen,
    repository: image.promoted,
    title: titleOf(image.name, change),
  };
  const choices = choicesOf(inputs);
  const rehearsal = await context.log.group('Would every project take it?', () =>
    deliver(targets, build, dry(choices), connected, context),
  );
  const unable = rehearsal.filter(({ result }) => result === 'failure');
  if (unable.length > 0) {
    const reason = `${build.title} is not promoted: ${sentences(unable)}`;
    const next = 'Put that right first. Nothing was changed.';
    return tell({ ...story, result: 'failure', reason, next, ends: rehearsal });
  }
  try {
    await moveStable(promotion, connected.registry, context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    const next = 'Run it again: it goes on from what is there. What follows stable was not touched.';
    const reason = `${build.title}: cancelled while stable was being moved; list-builds shows what it names.`;
    return tell({ ...story, result: 'failure', reason, next });
  }
  const ends = await deliver(targets, build, choices, connected, context);
  const failed = ends.filter(
    ({ kind, result, verdict }) => kind === 'rollout' && result === 'failure' && verdict !== 'cancelled',
  );
  if (inputs['on-failure'] === 'rollback' && failed.some((end) => cameWithIt(end, change))) {
    const { said, ends: back } = await goBack(promotion, ends, targets, choices, connected, context);
    const reason = `${build.title} was promoted and failed: ${sentences(failed)} ${said}`;
    return tell({ ...story, result: 'failure', reason, next: nextOf(ends), ends, back });
  }
  return tell({ ...story, ...endOf(build.title, change, ends, left), ends });
}

/** What was stable before this run and ran there already has not failed by the promotion: going back would downgrade everything. */
function cameWithIt({ verdict, before }: ProjectEnd, { direction, chosen }: Change): boolean {
  return direction !== 'same' || (verdict !== 'broken-off' && before !== chosen.digest);
}

function endOf(
  title: string,
  { direction }: Change,
  ends: readonly ProjectEnd[],
  left: readonly string[],
): Pick<Story, 'result' | 'reason' | 'next'> {
  const bad = ends.filter(({ result }) => result === 'failure');
  const yellow = ends.filter(({ result }) => result === 'unstable');
  const how = direction === 'same' ? 'is stable already' : `is stable (${direction})`;
  if (bad.length > 0) {
    const reason = `${title} ${how}, but: ${sentences([...bad, ...yellow])}`;
    return { result: 'failure', reason, next: nextOf(ends) };
  }
  if (yellow.length > 0)
    return { result: 'unstable', reason: `${title} ${how}: ${sentences(yellow)}`, next: nextOf(ends) };
  const where =
    ends.length === 0
      ? 'no project follows it'
      : ends.map(({ project, verdict }) => `${verdict} in ${project}`).join(', ');
  if (left.length > 0) {
    const reason = `${title} ${how}: ${where}, but ${left.join(', ')} was left out and follows it as well.`;
    return { result: 'unstable', reason, next: `Run this again for ${left.join(', ')}.` };
  }
  return { result: 'success', reason: `${title} ${how}: ${where}.` };
}

function sentences(ends: readonly ProjectEnd[]): string {
  return ends.map(({ project, reason }) => `${project}: ${reason}`).join(' ');
}

function nextOf(ends: readonly ProjectEnd[]): string {
  const next = ends.flatMap(({ project, next }) => (next === undefined ? [] : [`${project}: ${next}`]));
  return next.length > 0 ? next.join(' ') : 'See the projects below.';
}

function connect({ aims, places }: Targets, { cluster, jobs, registry, web, gitHub }: Ports): Connected {
  const projects = (some: readonly { readonly project: Targets['aims'][number]['project'] }[]) =>
    some.map(({ project }) => project);
  return {
    ...{ registry, web, gitHub },
    clusters: connectAll(projects(aims), cluster),
    jobs: connectAll(projects(places), jobs),
  };
}

function choicesOf(inputs: Inputs): DeliverChoices {
  return {
    // The direction was decided above, for all projects.
    rollout: { timeout: inputs.timeout, 'on-failure': inputs['on-failure'], force: true, 'dry-run': false },
    launch: {
      ...{ wait: 'completion', 'on-cancel': 'leave', 'dry-run': false, timeout: undefined },
      'on-running': inputs['on-running'],
    },
  };
}

function dry({ rollout, launch }: DeliverChoices): DeliverChoices {
  return { rollout: { ...rollout, 'dry-run': true }, launch: { ...launch, 'dry-run': true } };
}
