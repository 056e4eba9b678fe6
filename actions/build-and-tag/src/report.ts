import type { Outcome, SummaryBlock } from '@delivery/core/action/outcome';
import { buildTag, latestTag } from '@delivery/core/domain/build';
import { formatDuration } from '@delivery/core/domain/duration';
import { formatReference, formatRepository } from '@delivery/core/domain/image-reference';
import type { Built } from './build.ts';
import type { Output } from './inputs.ts';
import type { Latest } from './move-latest.ts';
import type { Plan } from './plan.ts';
import type { BuildableImage } from './recipe.ts';

export interface Report {
  readonly image: BuildableImage;
  readonly commit: string;
  readonly builder: string;
}

export function reportBuild(
  { image, commit, builder }: Report,
  built: Built,
  latest: Latest,
  tookMs: number,
): Outcome<Output> {
  const { number, digest, pushed } = built;
  const reused = pushed === undefined;
  const moved = latest.digest === digest;
  const tags = moved ? [buildTag(number), latestTag] : [buildTag(number)];
  const reference = formatReference({ ...image.repository, digest });
  const done = reused
    ? `Build ${number} of ${image.name} was there already from the same commit: nothing was built or pushed`
    : `Built ${image.name} as build ${number} with ${builder}`;
  const end = moved ? 'latest is this build' : `latest stays at build ${latest.number}, which is newer`;
  return {
    result: 'success',
    reason: `${done}; ${end}.`,
    outputs: { digest, reference, 'build-number': number, tags, 'moved-latest': moved },
    summary: [
      facts([
        ['Image', formatRepository(image.repository)],
        ['Build', String(number)],
        ['Commit', commit],
        ['Digest', digest],
        ['Tags', tags.join(', ')],
        ['latest', `build ${latest.number}`],
        ['Built', reused ? 'no, reused' : `by ${builder}`],
        ['Took', formatDuration(tookMs)],
      ]),
    ],
  };
}

export function reportDryRun(
  { image, commit, builder }: Report,
  plan: Exclude<Plan, { kind: 'refuse' }>,
  highest: number,
): Outcome<Output> {
  const { number } = plan;
  const where = formatReference({ ...image.repository, tag: buildTag(number) });
  const digest = plan.kind === 'reuse' ? plan.digest : undefined;
  const would =
    plan.kind === 'reuse'
      ? `${where} is there already from this commit and would be reused`
      : `${builder} would build and push ${where}`;
  const then = number < highest ? `latest would stay at build ${highest}` : 'latest would then name it';
  return {
    result: 'skipped',
    reason: `Dry run: ${would}; ${then}.`,
    next: 'Nothing was changed.',
    outputs: {
      'build-number': number,
      'moved-latest': false,
      tags: digest ? [buildTag(number)] : [],
      ...(digest && { digest, reference: formatReference({ ...image.repository, digest }) }),
    },
    summary: [
      facts([
        ['Image', formatRepository(image.repository)],
        ['Build', String(number)],
        ['Commit', commit],
        ['Builder', builder],
      ]),
    ],
  };
}

function facts(rows: readonly (readonly [string, string])[]): SummaryBlock {
  return { kind: 'table', head: ['', ''], rows: rows.map(([name, value]) => [name, { code: value }]) };
}
