import { buildName } from '@delivery/core/domain/build';
import { codeBlock, lights } from '@delivery/core/action/markdown';
import type { Cell, Outcome, ResultState, SummaryBlock } from '@delivery/core/action/outcome';
import type { Change } from './difference.ts';
import { waysBack } from './back-up-first.ts';
import type { Saved } from './back-up-first.ts';
import type { ProjectEnd } from './deliver.ts';
import type { Output } from './inputs.ts';

/** What is told of a promotion, whatever its end. */
export interface Story {
  readonly image: string;
  readonly change: Change;
  readonly difference: readonly SummaryBlock[];
  readonly warnings: readonly string[];
  readonly result: ResultState;
  readonly reason: string;
  readonly next?: string;
  /** Of the error that ended it. */
  readonly code?: string;
  /** The backups that were made before. */
  readonly saved?: readonly Saved[];
  readonly ends?: readonly ProjectEnd[];
  /** How the projects ended that were brought back. */
  readonly back?: readonly ProjectEnd[];
}

export function tell(story: Story): Outcome<Output> {
  const { change, difference, warnings, result, reason, next, code, saved = [], ends = [], back = [] } = story;
  const { chosen, stable, direction, version } = change;
  return {
    result,
    reason,
    ...(next !== undefined && { next }),
    outputs: {
      result,
      image: story.image,
      digest: chosen.digest,
      'previous-digest': stable?.digest ?? '',
      direction,
      version,
      projects: Object.fromEntries(ends.map(({ project, verdict, cause }) => [project, { verdict, cause }])),
      backups: Object.fromEntries(saved.flatMap(({ project, file }) => (file === '' ? [] : [[project, file]]))),
      reason,
    },
    summary: [
      ...warnings.map((text): SummaryBlock => ({ kind: 'text', text: `⚠️ ${text}` })),
      ...difference,
      ...(saved.length + ends.length > 0 ? [table([...saved, ...ends], back)] : []),
      ...waysBack(saved),
      ...[...saved, ...ends, ...back].flatMap(({ summary }) => summary),
      ...(code === undefined ? [] : [codeBlock(code)]),
    ],
  };
}

/** `web latest-412 as 2026.08.3` */
export function titleOf(image: string, { chosen, version }: Change): string {
  return `${image} ${buildName(chosen)} as ${version}`;
}

function table(ends: readonly ProjectEnd[], back: readonly ProjectEnd[]): SummaryBlock {
  const row = ({ project, kind, result, verdict, cause, reason }: ProjectEnd, after: string): Cell[] => [
    project,
    `${kind}${after}`,
    `${lights[result]} ${verdict}${cause === '' ? '' : ` (${cause})`}`,
    reason,
  ];
  return {
    kind: 'table',
    head: ['Project', 'What', 'Result', 'What happened'],
    rows: [...ends.map((end) => row(end, '')), ...back.map((end) => row(end, ' back'))],
  };
}
