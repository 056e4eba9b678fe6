import type { ResolvedBuild } from '@delivery/core/action/resolve-build';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildTag, createdLabel, revisionLabel } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { NumberChoice } from './inputs.ts';

type Existing = Pick<ResolvedBuild, 'digest' | 'number' | 'labels'>;

/** What is known before anything is done. */
export interface Situation {
  readonly number: BuildNumber;
  readonly choice: NumberChoice['kind'];
  /** The run's commit and number. */
  readonly commit: string;
  readonly runNumber: number;
  /** The highest number in the registry; 0: there is no build. */
  readonly highest: number;
  /** What stands under this number already. */
  readonly existing: Existing | undefined;
}

export type Plan =
  | {
      readonly kind: 'build';
      readonly number: BuildNumber;
      /** Higher numbers are there already, so `latest` will not follow: how a longer sequence goes on. */
      readonly warning: string | undefined;
    }
  | { readonly kind: 'reuse'; readonly number: BuildNumber; readonly digest: Digest }
  | { readonly kind: 'refuse'; readonly number: BuildNumber; readonly reason: string; readonly hint: string };

/** What to do about a number: build it, take the build of the same commit that is there, or leave it to its owner. */
export function planBuild(situation: Situation): Plan {
  const { number, highest, existing, commit } = situation;
  if (!existing) return { kind: 'build', number, warning: number < highest ? behind(situation) : undefined };
  const owner = existing.labels[revisionLabel] ?? '';
  if (owner === commit && existing.number === number) return { kind: 'reuse', number, digest: existing.digest };
  return {
    kind: 'refuse',
    number,
    reason: `${buildTag(number)} is taken: ${describe(existing, owner, number)}.`,
    hint: wayOut(situation),
  };
}

function describe({ number: own, labels }: Existing, owner: string, number: BuildNumber): string {
  const from = /^[0-9a-f]{40,64}$/.test(owner) ? `commit ${owner}` : 'a commit that it does not name';
  const created = labels[createdLabel] ?? '';
  const when = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(created) ? ` on ${created}` : '';
  const other = own === number ? '' : `, and calls itself ${own === undefined ? 'no build' : `build ${own}`}`;
  return `it was built from ${from}${when}${other}`;
}

function wayOut({ choice, highest, runNumber }: Situation): string {
  const next = highest + 1;
  if (choice !== 'run') return `The next free number is ${next}: give build-number ${next}, or next.`;
  return `The next free number is ${next}: set build-number-offset to ${next - runNumber} (this is run ${runNumber}), or build-number to next.`;
}

function behind(situation: Situation): string {
  const { number, highest } = situation;
  return (
    `Build ${number} comes after build ${highest} in time but not by number, so latest stays where it is. ` +
    `If ${highest} is of a longer sequence, such as that of Jenkins, let this one go on from there. ${wayOut(situation)}`
  );
}
