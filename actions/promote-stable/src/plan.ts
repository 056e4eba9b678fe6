import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildName } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import { shortDigest } from '@delivery/core/domain/digest';
import type { TestVerdict } from '@delivery/core/domain/ledger';
import { compareVersions } from '@delivery/core/domain/version';

export type Direction = 'forward' | 'rollback' | 'same';

/** What is asked of a build when it is decided whether to promote it. */
export type Candidate = Pick<CatalogueBuild, 'digest' | 'number' | 'versions' | 'created' | 'schemaVersion'>;

export interface Situation {
  readonly chosen: Candidate;
  /** What the ledger says of it. */
  readonly test: TestVerdict;
  readonly stable: Candidate | undefined;
  /** Asked for as what was stable before. */
  readonly isPrevious: boolean;
  /** The builds that are known, for the schemas in between. */
  readonly known: readonly Candidate[];
  /** As given; undefined: the one that the build has already. */
  readonly version: string | undefined;
  /** What that version names now. */
  readonly versionInUse: Digest | undefined;
  readonly requireTested: boolean;
  readonly force: boolean;
}

export type Plan = Refusal | PromotePlan;

export interface Refusal {
  readonly do: 'refuse';
  readonly reason: string;
  readonly next: string;
}

export interface PromotePlan {
  readonly do: 'promote';
  readonly direction: Direction;
  readonly version: string;
  readonly warnings: readonly string[];
}

const nothing = 'Nothing was changed.';

/** Whether the build may become stable, in which direction that goes, and under which version. */
export function planPromotion(situation: Situation): Plan {
  const { chosen, stable, versionInUse } = situation;
  const version = versionOf(chosen, situation.version);
  if (version === undefined) {
    const next = `Give one such as 2026.08.3. ${nothing}`;
    return { do: 'refuse', reason: `${buildName(chosen)} has no version yet, and none is given.`, next };
  }
  if (versionInUse !== undefined && versionInUse !== chosen.digest) {
    const reason = `Version ${version} is in use for another digest, ${shortDigest(versionInUse)}; ${buildName(chosen)} is ${shortDigest(chosen.digest)}.`;
    return { do: 'refuse', reason, next: `A version never changes what it names: give another one. ${nothing}` };
  }
  const untested = situation.requireTested ? whyUntested(situation) : undefined;
  if (untested) return untested;
  const direction = directionOf(chosen, stable);
  if (!stable || direction === 'same') return { do: 'promote', direction, version, warnings: [] };
  const warnings = weigh(situation, stable, direction);
  return 'do' in warnings ? warnings : { do: 'promote', direction, version, warnings };
}

/** What speaks against going from stable to the build, or what is to be known of it. */
function weigh(situation: Situation, stable: Candidate, direction: Direction): readonly string[] | Refusal {
  const { chosen, isPrevious, known, force } = situation;
  if (isPrevious && direction === 'forward') {
    const reason = `What was stable before, ${buildName(chosen)}, is newer than ${buildName(stable)}: it was gone back from.`;
    return { do: 'refuse', reason, next: `Name it by its number if it is meant all the same. ${nothing}` };
  }
  const schema = schemaChange(chosen, stable, known);
  const isBehind = direction === 'rollback' ? schema.is === 'other' : goesDown(chosen, stable);
  if (isBehind && !force) {
    const next = `Restore a backup from before, or set force: true if ${buildName(chosen)} is known to work with the newer schema. ${nothing}`;
    return { do: 'refuse', reason: `${schema.said} ${databaseStays}`, next };
  }
  return direction === 'rollback' || isBehind ? [databaseStays, schema.said] : [];
}

/** The version that is given, else the highest of those that the build has. */
export function versionOf({ versions }: Candidate, given: string | undefined): string | undefined {
  return given ?? [...versions].sort(compareVersions).at(-1);
}

export const databaseStays = 'The database does not roll back with the image.';

/** Whether a database that one of the two has migrated is known to be another for the other. */
export function hasOtherSchema(a: Candidate, b: Candidate): boolean {
  return a.schemaVersion !== undefined && b.schemaVersion !== undefined && a.schemaVersion !== b.schemaVersion;
}

/** By the number that a schema begins with, such as `7` or `0012_targets`. */
function goesDown({ schemaVersion: to = '' }: Candidate, { schemaVersion: from = '' }: Candidate): boolean {
  return Number.parseInt(to, 10) < Number.parseInt(from, 10);
}

/** By number where both have one, else by time; what cannot be compared goes forward. */
export function directionOf(chosen: Candidate, stable: Candidate | undefined): Direction {
  if (!stable) return 'forward';
  if (chosen.digest === stable.digest) return 'same';
  if (chosen.number !== undefined && stable.number !== undefined && chosen.number !== stable.number)
    return chosen.number < stable.number ? 'rollback' : 'forward';
  return chosen.created && stable.created && chosen.created < stable.created ? 'rollback' : 'forward';
}

function whyUntested({ chosen, test }: Situation): Refusal | undefined {
  if (test.is === 'tested') return undefined;
  const reason =
    test.is === 'failed'
      ? `${buildName(chosen)} failed when it was last tried: ${test.record.reason}`
      : `${buildName(chosen)} is not known to have worked in TEST: the ledger has no record of it.`;
  return { do: 'refuse', reason, next: `Bring it to TEST first, or set require-tested: false on purpose. ${nothing}` };
}

type SchemaChange = { readonly is: 'same' | 'other' | 'unknown'; readonly said: string };

function schemaChange(chosen: Candidate, stable: Candidate, known: readonly Candidate[]): SchemaChange {
  const [to, from] = [chosen.schemaVersion, stable.schemaVersion];
  if (to === undefined || from === undefined) {
    const said = 'Whether migrations lie in between is not known: the images carry no label schema.version.';
    return { is: 'unknown', said };
  }
  if (to === from) return { is: 'same', said: `No migrations lie in between: both have schema ${to}.` };
  const steps = known
    .filter(
      ({ number, schemaVersion }) => schemaVersion !== undefined && isBetween(number, chosen.number, stable.number),
    )
    .sort((a, b) => (b.number ?? 0) - (a.number ?? 0));
  const path = [stable, ...steps, chosen].map((one) => ({ schema: one.schemaVersion ?? '', name: buildName(one) }));
  const changes = path.filter(({ schema }, index) => schema !== path[index - 1]?.schema);
  const shown = changes.map(({ schema, name }) => `${schema} (${name})`).join(', ');
  return { is: 'other', said: `Its schema is ${to}, the database has ${from}; on the way: ${shown}.` };
}

function isBetween(number: BuildNumber | undefined, low: BuildNumber | undefined, high: BuildNumber | undefined) {
  return number !== undefined && low !== undefined && high !== undefined && number > low && number < high;
}
