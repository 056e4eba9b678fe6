import type { Cell, Outcome, ResultState, SummaryBlock } from '@delivery/core/action/outcome';
import { shortDigest } from '@delivery/core/domain/digest';
import type { BuildVerdict, RetentionPlan } from '@delivery/core/domain/retention';
import { describeGo, describeKeep } from '@delivery/core/domain/retention-reasons';
import type { Aim } from './aim.ts';
import type { Output } from './inputs.ts';
import type { Pruned } from './prune.ts';

/** What came of one image; `pruned` is undefined in a dry run. */
export interface End {
  readonly aim: Aim;
  readonly plan: RetentionPlan;
  readonly pruned: Pruned | undefined;
}

type Fate = 'deleted' | 'kept' | 'refused' | 'left';

interface Line {
  readonly image: string;
  readonly build: BuildVerdict;
  readonly fate: Fate;
  /** Such as `is stable`; what `reason` says in a word. */
  readonly why: string;
  readonly reason: string;
}

const lights: Record<Fate, string> = { deleted: '🗑️ deleted', kept: 'kept', refused: '🟡 refused', left: '🟡 left' };
const mostRows = 500;

/** One outcome of all images: a line for every build, the deleted ones first. */
export function tell(ends: readonly End[], never: readonly string[]): Outcome<Output> {
  const lines = ends.flatMap(linesOf);
  const result = resultOf(ends);
  const next = [...nextOf(ends), ...never.map(advice)];
  return {
    result,
    reason: [...ends.map(sentenceOf), ...never.map((name) => `${name}: has no retention in delivery.yaml`)].join('; '),
    ...(next.length > 0 && { next: [...new Set(next)].join(' ') }),
    outputs: {
      result,
      deleted: lines.filter(({ fate }) => fate === 'deleted').map(recordOf),
      kept: lines.filter(({ fate }) => fate !== 'deleted').map(recordOf),
    },
    summary: tables(lines, ends),
  };
}

/** None of the images that are meant has a rule. */
export function tellNever(never: readonly string[]): Outcome<Output> {
  return {
    result: 'skipped',
    reason: `Nothing was deleted: ${never.join(', ')} has no retention in delivery.yaml, so that all its builds stay.`,
    next: 'Give the image the field retention (docs/delivery-file.md) if its builds are to be pruned.',
    outputs: { result: 'skipped', deleted: [], kept: [] },
    summary: [],
  };
}

function resultOf(ends: readonly End[]): ResultState {
  const pruned = ends.flatMap((end) => end.pruned ?? []);
  if (pruned.some(({ stopped }) => stopped?.is === 'failure')) return 'failure';
  const isWhole = ({ stopped, refused, onlyTags }: Pruned) => !stopped && refused.size === 0 && !onlyTags;
  return pruned.every(isWhole) ? 'success' : 'unstable';
}

function sentenceOf({ aim, plan, pruned }: End): string {
  const going = plan.builds.filter(({ keep }) => !keep).length;
  const all = plan.builds.length;
  const name = aim.image.name;
  if (!pruned) return `Dry run: ${name}: ${going} of ${all} builds would be deleted`;
  const gone = plan.builds.filter(({ digest }) => pruned.deleted.has(digest)).length;
  const parts = [`${name}: ${gone} of ${all} builds deleted`];
  if (pruned.refused.size > 0) parts.push(`the deletion of ${pruned.refused.size} manifests was refused`);
  if (pruned.onlyTags) parts.push('the registry took away their tags and keeps what they named');
  if (pruned.stopped) parts.push(`${pruned.left} manifests are left: ${pruned.stopped.why}`);
  return parts.join(', ');
}

function nextOf(ends: readonly End[]): string[] {
  return ends.flatMap(({ pruned }) => {
    if (!pruned) return [];
    const next = pruned.stopped ? [pruned.stopped.next] : [];
    if (pruned.refused.size > 0 && !pruned.stopped)
      next.push(
        'What was refused is tried again by the next run; the table says why. Some registries have to be told to allow deletion.',
      );
    if (pruned.onlyTags) next.push('Let the registry collect its garbage.');
    return next;
  });
}

function advice(name: string): string {
  return `${name} is never pruned until it has the field retention.`;
}

function linesOf({ aim, plan, pruned }: End): Line[] {
  return plan.builds.map((build) => {
    const reason = build.because.is;
    const why = build.keep ? describeKeep(build.because) : describeGo(build.because);
    const line = { image: aim.image.name, build, why, reason };
    const spared = pruned?.spared.get(build.digest);
    if (spared) return { ...line, fate: 'kept', why: describeKeep(spared), reason: spared.is };
    if (build.keep) return { ...line, fate: 'kept' };
    if (!pruned || pruned.deleted.has(build.digest)) return { ...line, fate: 'deleted' };
    const refused = pruned.refused.get(build.digest);
    if (refused !== undefined) return { ...line, fate: 'refused', why: `${why}, but ${refused}`, reason: 'refused' };
    return { ...line, fate: 'left', why: `${why}; the next run comes to it`, reason: 'left' };
  });
}

function recordOf({ image, build, why, reason }: Line): Readonly<Record<string, unknown>> {
  const { tags, digest, number, created } = build;
  return { image, build: number, tags, digest, created: created?.toISOString() ?? '', reason, why };
}

function tables(lines: readonly Line[], ends: readonly End[]): SummaryBlock[] {
  const sorted = [...lines.filter(({ fate }) => fate !== 'kept'), ...lines.filter(({ fate }) => fate === 'kept')];
  const isDry = ends.every(({ pruned }) => pruned === undefined);
  const rows = sorted.slice(0, mostRows).map((line) => rowOf(line, isDry));
  const more = sorted.length - rows.length;
  return [
    { kind: 'table', head: ['Image', 'Build', 'Digest', 'Built', 'What', 'Because it'], rows },
    ...(more > 0 ? [{ kind: 'text', text: `${more} more builds are not shown; the outputs have them.` } as const] : []),
  ];
}

function rowOf({ image, build, fate, why }: Line, isDry: boolean): Cell[] {
  const { tags, digest, created } = build;
  const what = isDry && fate === 'deleted' ? 'would be deleted' : lights[fate];
  const built =
    created
      ?.toISOString()
      .replace(/:\d\d\.\d+Z$/, 'Z')
      .replace('T', ' ') ?? '';
  return [image, { code: tags.join(' ') }, { code: shortDigest(digest) }, built, what, why];
}
