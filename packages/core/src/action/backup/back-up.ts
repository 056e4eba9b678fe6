import type { ActionContext } from '../context.ts';
import type { ResultState, SummaryBlock } from '../outcome.ts';
import type { BackupReport } from '../../domain/backup/report.ts';
import type { Keep } from '../../domain/backup/tiers.ts';
import { tiers } from '../../domain/backup/tiers.ts';
import type { BackupTopology, Project } from '../../domain/topology.ts';
import type { Clusters } from '../../ports/clusters.ts';
import type { TierChoice } from './judge.ts';
import { judgeBackup, verifiedFile } from './judge.ts';
import type { ProgramEnd } from './run-program.ts';
import { runProgram } from './run-program.ts';
import { backupBlocks } from './summary.ts';

export interface BackupChoices {
  readonly tier: TierChoice;
  readonly wait: 'start' | 'completion';
  readonly 'on-running': 'wait' | 'fail';
  readonly 'dry-run': boolean;
  /** Milliseconds; undefined: what delivery.yaml says. */
  readonly 'max-age': number | undefined;
  readonly timeout: number | undefined;
}

/** How it ended in one project. */
export interface BackupEnd {
  readonly project: Project;
  /** `success` with a report alone means verified. `skipped`: nothing was due. */
  readonly verdict: ResultState;
  /** Of a failure: one of docs/db-backup.md. */
  readonly cause: string;
  /** What happened, without its full stop. */
  readonly sentence: string;
  /** What to do; empty when there is nothing. */
  readonly next: string;
  /** The file that this run has made and verified; empty when there is none. */
  readonly file: string;
  /** Undefined when there is none that can be believed. */
  readonly report: BackupReport | undefined;
  /** For the summary: the inventory, steps, alarms, or what is known of the trouble. */
  readonly blocks: readonly SummaryBlock[];
}

/**
 * Backs up the databases of the projects, side by side; what is wrong with one does not hold up the others. Each project has to
 * have `database.backup`: TypeError otherwise.
 */
export async function backUp(
  projects: readonly Project[],
  choices: BackupChoices,
  ports: Pick<Clusters, 'jobs'>,
  context: ActionContext,
): Promise<readonly BackupEnd[]> {
  return Promise.all(
    projects.map(async (project) => {
      const prefix = projects.length > 1 ? `[${project.name}] ` : '';
      const end = await backUpOne(project, choices, ports, context, prefix);
      context.log.info(`${prefix}${end.verdict}: ${end.sentence}`);
      return end;
    }),
  );
}

async function backUpOne(
  project: Project,
  choices: BackupChoices,
  { jobs }: Pick<Clusters, 'jobs'>,
  context: ActionContext,
  prefix: string,
): Promise<BackupEnd> {
  const backup = project.database?.backup;
  if (!backup) throw new TypeError(`${project.name} has no database.backup`);
  const maxAgeMs = choices['max-age'] ?? backup.maxAgeMs;
  const end = await runProgram(
    {
      ...{ project, cronJob: backup.cronJob, prefix, wait: choices.wait },
      timeoutMs: choices.timeout ?? backup.timeoutMs,
      env: variablesOf(backup, choices.tier, maxAgeMs),
      onRunning: choices['on-running'],
      dryRun: choices['dry-run'],
    },
    jobs(project.cluster),
    context,
  );
  if (end.verdict !== 'reported') return { project, ...withoutReport(end) };
  const now = context.clock.now();
  const judged = judgeBackup(end.report, { tier: choices.tier, maxAgeMs, offSite: backup.offSite, now });
  const report = end.report.command === 'backup' ? end.report : undefined;
  const file = report ? verifiedFile(report) : '';
  return {
    project,
    ...judged,
    file,
    report,
    blocks: report ? backupBlocks(project.name, report, backup.keep, now) : [],
  };
}

/** What the program is told by the Job: docs/backups.md. */
function variablesOf(
  { keep, maxShrink, offSite }: BackupTopology,
  tier: TierChoice,
  maxAgeMs: number,
): Readonly<Record<string, string>> {
  return {
    BACKUP_TYPE: tier,
    BACKUP_KEEP: keepText(keep),
    BACKUP_MAX_AGE: String(Math.ceil(maxAgeMs / 1000)),
    BACKUP_MAX_SHRINK: String(maxShrink),
    BACKUP_OFFSITE: offSite ? 'required' : 'none',
  };
}

function keepText(keep: Keep): string {
  return tiers.map((tier) => `${tier}=${keep[tier]}`).join(',');
}

function withoutReport(end: Exclude<ProgramEnd, { verdict: 'reported' }>): Omit<BackupEnd, 'project'> {
  const { verdict, cause = verdict, sentence, next, evidence = [] } = end;
  const isGood = verdict === 'started' || verdict === 'planned';
  return {
    verdict: isGood ? 'success' : 'failure',
    cause: isGood ? '' : cause,
    sentence,
    next: verdict === 'started' ? 'Whether it becomes a backup is not known yet.' : next,
    ...{ file: '', report: undefined, blocks: evidence },
  };
}
