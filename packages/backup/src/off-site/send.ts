import { oneLine } from '@delivery/core/domain/printable';
import type { Keep } from '@delivery/core/domain/backup/tiers';
import { ActionError } from '@delivery/core/errors/errors';
import { openAccess } from './access.ts';
import type { Copy } from './copies.ts';
import { parseCopy } from './copies.ts';
import { OffSiteError } from './failures.ts';
import type { OffSiteSettings } from './settings.ts';
import { surplusOf } from './surplus.ts';
import type { Transfer } from './transfer.ts';
import { different, listThere, missing, removeThere, send } from './transfer.ts';
import { checkDigests, copiesOnVolume } from './volume.ts';

export interface OffSitePorts {
  readonly signal: AbortSignal;
  /** The rule by which copies there are removed too. */
  readonly keep: Keep;
  /** Default: 600. */
  readonly timeoutSeconds?: number;
}

/** How the copy ended. `failed`: `said` names the reason, `next` what to do. */
export interface OffSiteEnd {
  readonly state: 'sent' | 'failed';
  /** A sentence without its full stop. */
  readonly said: string;
  readonly next: string;
  /** What somebody has to look at though all copies are there; empty when there is nothing. */
  readonly alarm: string;
  /** What went over the line. */
  readonly bytes: number;
}

/**
 * Makes the folder off site like the volume: sends what is missing of `wanted` (paths below `root`: verified backups and their
 * manifests), compares every byte of all of them, and removes what the tiers do not keep any more (docs/off-site.md). Never throws
 * but the reason of the signal.
 */
export async function sendOffSite(
  settings: OffSiteSettings,
  root: string,
  wanted: readonly string[],
  ports: OffSitePorts,
): Promise<OffSiteEnd> {
  const sent = { bytes: 0 };
  try {
    const copies = await copiesOnVolume(root, wanted);
    const access = await openAccess(settings);
    try {
      const { signal, timeoutSeconds = 600 } = ports;
      return await mirror({ settings, access, root, signal, timeoutSeconds }, copies, ports.keep, sent);
    } finally {
      await access.remove();
    }
  } catch (error) {
    ports.signal.throwIfAborted();
    return { state: 'failed', ...describe(error), alarm: '', bytes: sent.bytes };
  }
}

async function mirror(
  transfer: Transfer,
  copies: readonly Copy[],
  keep: Keep,
  sent: { bytes: number },
): Promise<OffSiteEnd> {
  const paths = copies.map(({ path }) => path);
  const absent = await missing(transfer, paths);
  await checkDigests(transfer.root, only(copies, absent), transfer.signal);
  // Also when nothing is absent: a second name for a file that is there is a link, not a transfer.
  sent.bytes += await send(transfer, paths);
  await compare(transfer, copies, sent);
  const { settings } = transfer;
  const { removed, alarm } = settings.prune ? await prune(transfer, copies, keep) : { removed: 0, alarm: '' };
  const went = removed === 0 ? '' : `, ${removed} removed`;
  const said = `${paths.length} files are byte for byte on ${settings.host}, ${absent.length} of them sent now${went}`;
  return { state: 'sent', said, next: '', alarm, bytes: sent.bytes };
}

/** What differs though size and time are right has changed there. It is put right, and told all the same: a disk there may be dying. */
async function compare(transfer: Transfer, copies: readonly Copy[], sent: { bytes: number }): Promise<void> {
  const paths = copies.map(({ path }) => path);
  const changed = await different(transfer, paths);
  if (changed.length === 0) return;
  await checkDigests(transfer.root, only(copies, changed), transfer.signal);
  sent.bytes += await send(transfer, changed, { anew: true });
  const still = await different(transfer, changed);
  const { host } = transfer.settings;
  const names = `${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ' and others' : ''}`;
  const end = still.length > 0 ? 'sending them again did not help' : 'they were sent again and are right now';
  throw new OffSiteError(
    'changed-there',
    `${changed.length} files on ${host} were not what was sent (${names}); ${end}`,
    'Look at the disk there; the next run compares everything again.',
  );
}

async function prune(transfer: Transfer, copies: readonly Copy[], keep: Keep) {
  const there = (await listThere(transfer)).flatMap((path) => parseCopy(path) ?? []);
  const surplus = surplusOf(copies, there, keep);
  if ('refused' in surplus) {
    const { host, path } = transfer.settings;
    const alarm = `off site nothing was removed: ${surplus.refused}; look into ${path} on ${host} and remove by hand what may go`;
    return { removed: 0, alarm };
  }
  if (surplus.paths.length > 0) await removeThere(transfer, surplus.paths);
  return { removed: surplus.paths.length, alarm: '' };
}

/** The backups of these paths; of a manifest's path its backup is not meant. */
function only(copies: readonly Copy[], paths: readonly string[]): readonly Copy[] {
  return copies.filter(({ path }) => paths.includes(path));
}

function describe(error: unknown): { readonly said: string; readonly next: string } {
  if (error instanceof ActionError) return { said: error.message, next: error.hint ?? '' };
  const said = oneLine(error instanceof Error ? error.message : String(error));
  return { said: `the copy off site failed: ${said}`, next: 'Run the backup again.' };
}
