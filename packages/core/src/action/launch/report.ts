import type { Cell, Outcome, ResultState } from '../outcome.ts';
import type { LaunchChoices, LaunchOutput } from './choices.ts';
import type { PlaceEnd, Verdict } from './verdict.ts';

const lights: Record<Verdict, string> = {
  started: '🟢 started',
  succeeded: '🟢 succeeded',
  planned: '⚪ planned',
  blocked: '🟡 blocked',
  failed: '🔴 failed',
  cancelled: '🔴 cancelled',
};

/** One outcome of the ends in all projects: the worst of them, every reason, and what is to be done. */
export function tell(
  title: string,
  ends: readonly PlaceEnd[],
  { 'on-running': onRunning, 'dry-run': dryRun }: LaunchChoices,
): Outcome<LaunchOutput> {
  const withVerdict = (...verdicts: readonly Verdict[]) => ends.filter(({ verdict }) => verdicts.includes(verdict));
  const blocked = withVerdict('blocked');
  const bad = withVerdict('failed', 'cancelled', ...(onRunning === 'fail' ? (['blocked'] as const) : []));
  const result: ResultState = bad.length > 0 ? 'failure' : blocked.length > 0 ? 'unstable' : 'success';
  const next = ends.flatMap(({ place, next }) => (next === undefined ? [] : [`${place.project.name}: ${next}`]));
  const names = (some: readonly PlaceEnd[]) => some.map(({ place }) => place.project.name);
  return {
    result,
    reason: `${dryRun ? 'Dry run: ' : ''}${title}: ${ends.map(reasonOf).join('; ')}`,
    ...(next.length > 0 && { next: next.join(' ') }),
    outputs: {
      result,
      launched: names(ends.filter(({ job }) => job !== undefined)),
      blocked: names(blocked),
      failed: names(withVerdict('failed', 'cancelled')),
      jobs: Object.fromEntries(ends.map((end) => [end.place.project.name, jobOf(end)])),
    },
    summary: [
      {
        kind: 'table',
        head: ['Project', 'Job', 'Result', 'What happened', 'What comes next'],
        rows: ends.map(rowOf),
      },
      ...ends.flatMap(({ evidence = [] }) => evidence),
    ],
  };
}

function reasonOf({ place, verdict, sentence }: PlaceEnd): string {
  const good = verdict === 'started' || verdict === 'succeeded' || verdict === 'planned';
  return good ? `${verdict} in ${place.project.name}` : `${verdict} in ${place.project.name}: ${sentence}`;
}

function rowOf({ place, verdict, cause, sentence, next, job }: PlaceEnd): Cell[] {
  const { project } = place;
  const what = cause === undefined ? lights[verdict] : `${lights[verdict]} (${cause})`;
  return [project.name, { code: job ? `${job.namespace}/${job.name}` : project.namespace }, what, sentence, next ?? ''];
}

function jobOf({ place, job, verdict, cause }: PlaceEnd): Record<string, string> {
  const { namespace } = place.project;
  return { namespace, name: job?.name ?? '', uid: job?.uid ?? '', verdict, cause: cause ?? '' };
}
