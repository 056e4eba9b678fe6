import { readLedger } from '@delivery/core/action/ledger';
import { sideBySide } from '@delivery/core/action/side-by-side';
import { latestTag, stableTag } from '@delivery/core/domain/build';
import type { Digest } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { sameRepository } from '@delivery/core/domain/image-reference';
import type { LedgerRecord } from '@delivery/core/domain/ledger';
import { promotionHistory, promotionsOf } from '@delivery/core/domain/ledger';
import { ownerOfTag } from '@delivery/core/domain/retention-inventory';
import { parseVersion } from '@delivery/core/domain/version';
import type { ImageTopology, Topology } from '@delivery/core/domain/topology';
import type { Registry } from '@delivery/core/ports/registry';
import type { Stored } from './stored.ts';
import { atOnce, readStored } from './stored.ts';

/** A repository that builds of the image are promoted to. */
export interface Promoted {
  readonly repository: Repository;
  /** The builds' own when they are promoted in place. */
  readonly stored: Stored;
}

/** Where the builds of this repository are promoted to, by whichever images of delivery.yaml use it. */
export async function readPromoted(
  { repository }: ImageTopology,
  own: Stored,
  topology: Topology,
  registry: Registry,
  signal: AbortSignal,
): Promise<readonly Promoted[]> {
  const all = Object.values(topology.images).filter((image) => sameRepository(image.repository, repository));
  const different = all
    .flatMap(({ promoted }) => promoted ?? [])
    .filter((one, at, list) => list.findIndex((other) => sameRepository(one, other)) === at);
  return sideBySide(different, atOnce, async (one) => ({
    repository: one,
    stored: sameRepository(one, repository) ? own : await readStored({ repository: one, registry, signal }),
  }));
}

/** The digests that the tags of promoted repositories name: `stable`, and by the tag all others that a promotion makes. */
export function promotedNames(
  promoted: readonly Promoted[],
  own: Stored,
): { stable: Digest[]; versions: Map<Digest, string> } {
  const stable: Digest[] = [];
  const versions = new Map<Digest, string>();
  for (const { stored } of promoted) {
    for (const [tag, digest] of stored.tags) {
      if (tag === stableTag) stable.push(digest);
      else if (stored === own ? parseVersion(tag) !== undefined : ownerOfTag(tag) === undefined && tag !== latestTag)
        versions.set(digest, tag);
    }
  }
  return { stable, versions };
}

/**
 * Different digests, the one promoted last first, by the records beside them. What was stable before the first record of a promotion
 * counts as promoted just before it.
 */
export async function readHistory(
  digests: readonly Digest[],
  promoted: readonly Promoted[],
  registry: Registry,
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  const questions = promoted.flatMap(({ repository }) => digests.map((digest) => ({ repository, digest })));
  const records = new Map<Digest, LedgerRecord[]>();
  await sideBySide(questions, atOnce, async ({ repository, digest }) => {
    const found = await readLedger(repository, digest, registry, signal);
    records.set(digest, [...(records.get(digest) ?? []), ...found]);
  });
  for (const record of [...records.values()].flatMap(promotionsOf)) {
    const { previous, at } = record;
    if (previous === undefined || promotionsOf(records.get(previous) ?? []).length > 0) continue;
    records.set(previous, [{ ...record, at: new Date(at.getTime() - 1) }]);
  }
  return promotionHistory(records);
}
