import type { ResultState } from '../outcome.ts';
import { parseBackupName } from '../../domain/backup/name.ts';
import type { BackupReport, InventoryEntry, ProgramReport } from '../../domain/backup/report.ts';
import type { Tier } from '../../domain/backup/tiers.ts';
import { formatDuration } from '../../domain/duration.ts';
import type { BackupTopology } from '../../domain/topology.ts';

/** `auto`: whatever is due. `manual`: now. The others: when this tier is due. */
export type TierChoice = 'auto' | Tier;

export interface Asked {
  readonly tier: TierChoice;
  readonly maxAgeMs: number;
  readonly offSite: BackupTopology['offSite'];
  readonly now: Date;
}

export interface Judged {
  readonly verdict: ResultState;
  /** Of a failure; docs/db-backup.md lists them. */
  readonly cause: string;
  /** Without its full stop. */
  readonly sentence: string;
  readonly next: string;
}

/** What a report is worth: what it says is held against what was asked for, and against itself. */
export function judgeBackup(report: ProgramReport, asked: Asked): Judged {
  if (report.command !== 'backup')
    return failure('other-report', `the Job has reported a ${report.command}, not a backup`, checkImage);
  const found = [...ofItself(report), ...ofSteps(report), ...ofOffSite(report, asked), ...ofAge(report, asked)];
  const [first] = found;
  if (first) return { ...first, sentence: found.map(({ sentence }) => sentence).join('; ') };
  const alarms = [...report.alarms, ...emptyDatabase(report)];
  const { sentence, next } = report;
  if (alarms.length > 0)
    return {
      ...{ verdict: 'unstable', cause: '', next: next === '' ? 'Find out why before older backups are gone.' : next },
      sentence: `${sentence}; ${alarms.length > 1 ? `${alarms.length} alarms: ` : ''}${alarms.slice(0, shownAlarms).join('; ')}`,
    };
  return { verdict: report.verdict === 'skipped' ? 'skipped' : 'success', cause: '', sentence, next };
}

/** More of them stand in the summary alone. */
const shownAlarms = 3;

const checkImage = 'Look at the Job and its image: this is a mistake in the program, or not the program.';

function failure(cause: string, sentence: string, next: string): Judged {
  return { verdict: 'failure', cause, sentence, next };
}

function ofItself(report: BackupReport): Judged[] {
  const { verdict, cause, sentence, next, manifest, inventory } = report;
  const stays = verifiedFile(report);
  if (verdict === 'failed') {
    const mend = next === '' ? 'Mend the cause, then run this again. Older backups are untouched.' : next;
    const told =
      stays === '' || sentence.includes(stays) ? sentence : `${sentence}; ${stays} itself is verified and stays`;
    return [failure(cause === '' ? 'failed' : cause, told, mend)];
  }
  if (verdict === 'skipped') return [];
  const contrary = manifest ? contradictions(manifest, inventory) : ['it has no manifest'];
  return contrary.map((what) => failure('contradiction', `the report says verified, but ${what}`, checkImage));
}

/** The backup that this run has made and verified, whatever failed after it; empty when there is none. */
export function verifiedFile({ verdict, manifest, inventory }: BackupReport): string {
  const isThere = verdict !== 'skipped' && manifest && contradictions(manifest, inventory).length === 0;
  return isThere ? manifest.file : '';
}

/** The manifest against the file's name and the inventory. */
function contradictions(
  { file, database, bytes, origin }: NonNullable<BackupReport['manifest']>,
  inventory: readonly InventoryEntry[],
): string[] {
  const there = inventory.find(({ name }) => name === file);
  return [
    ...(parseBackupName(file)?.database === database ? [] : [`${file} is not named after database ${database}`]),
    ...(origin === 'dump' ? [] : [`${file} was not made by this run`]),
    ...(bytes > 0 ? [] : [`${file} is empty`]),
    ...(there?.trouble === '' && there.bytes === bytes ? [] : [`${file} is not in the inventory as it says`]),
  ];
}

/** A step that was done at the second try has not failed. */
function ofSteps({ verdict, steps }: BackupReport): Judged[] {
  if (verdict === 'failed') return [];
  const isMadeUp = (at: number, name: string) =>
    steps.slice(at).some((step) => step.name === name && step.state === 'done');
  return steps
    .filter(({ name, state }, at) => state === 'failed' && !isMadeUp(at, name))
    .map(({ name, said }) =>
      failure('step-failed', `step ${name} failed${said === '' ? '' : `: ${said}`}`, checkImage),
    );
}

function ofOffSite({ verdict, offSite: { state, said } }: BackupReport, { offSite, tier }: Asked): Judged[] {
  if (verdict === 'failed') return [];
  if (verdict === 'skipped' && tier === 'manual')
    return [
      failure('contradiction', 'a backup was asked for by hand, and the report says that none was due', checkImage),
    ];
  const why = said === '' ? '' : `: ${said}`;
  if (state === 'failed')
    return [failure('off-site', `the copy off site failed${why}`, 'Mend it, then run this again.')];
  if (!offSite && state === 'sent')
    return [failure('off-site-unwanted', 'a copy was sent off site, and delivery.yaml says that none is', checkImage)];
  // Sent is what is kept, also when nothing was due: the one that failed before, or was never tried, is made good.
  if (!offSite || state === 'sent') return [];
  const next = 'Give the CronJob the variables RSYNC_… of docs/backups.md, or say `offSite: false` in delivery.yaml.';
  return [failure('off-site', `no copy was sent off site, and delivery.yaml asks for one${why}`, next)];
}

/** Clocks that differ by less are nobody's fault. */
const maxAheadMs = 3_600_000;

function ofAge({ verdict, inventory }: BackupReport, { maxAgeMs, now }: Asked): Judged[] {
  if (verdict === 'failed') return [];
  const times = inventory.filter(({ trouble }) => trouble === '').map(({ at }) => Date.parse(at));
  const newest = Math.max(...times);
  const old = now.getTime() - newest;
  if (times.length === 0)
    return [failure('too-old', 'there is no verified backup at all', 'Run this again with tier `manual`.')];
  if (old > maxAgeMs) {
    const next = 'Run this again with tier `manual`, and find out why none was made.';
    return [
      failure(
        'too-old',
        `the newest verified backup is ${formatDuration(old)} old, more than ${formatDuration(maxAgeMs)}`,
        next,
      ),
    ];
  }
  if (old < -maxAheadMs) {
    const next =
      'Set the clock of the node (or of this runner) right; until then nothing is due. Remove what is dated wrongly.';
    return [failure('clock', `the newest backup is dated ${formatDuration(-old)} in the future`, next)];
  }
  return [];
}

function emptyDatabase({ manifest }: BackupReport): string[] {
  if (manifest?.tables.length !== 0) return [];
  return [`database ${manifest.database} has no tables`];
}
