import { buildName } from '@delivery/core/domain/build';
import type { CatalogueBuild } from '@delivery/core/action/catalogue-build';
import type { ActionContext } from '@delivery/core/action/context';
import type { Cell, SummaryBlock } from '@delivery/core/action/outcome';
import { oneLine } from '@delivery/core/domain/printable';
import type { TestVerdict } from '@delivery/core/domain/ledger';
import { ActionError } from '@delivery/core/errors/errors';
import type { Comparison, GitHub } from '@delivery/core/ports/github';
import type { Direction } from './plan.ts';

/** What is compared. */
export interface Change {
  readonly stable: CatalogueBuild | undefined;
  readonly chosen: CatalogueBuild;
  readonly test: TestVerdict;
  readonly direction: Direction;
  readonly version: string;
}

type Context = Pick<ActionContext, 'run' | 'log' | 'signal'>;

/** What is stable beside what is to be, and the commits between them where GitHub can tell. */
export async function showDifference(
  change: Change,
  gitHub: GitHub | undefined,
  context: Context,
): Promise<readonly SummaryBlock[]> {
  const compared = await compareCommits(change, gitHub, context);
  const table = { kind: 'table', head: ['', 'Stable now', 'To be'], rows: rowsOf(change, compared, context) } as const;
  if (!compared || compared.commits.length === 0) return [table];
  const { ahead, commits } = compared;
  const lines = commits.map(({ sha, subject }) => `${sha.slice(0, 12)} ${oneLine(subject, 120)}`);
  const left = ahead - commits.length;
  const title = change.direction === 'rollback' ? 'Commits that go away' : 'Commits that come';
  return [table, { kind: 'lines', title, lines: left > 0 ? [...lines, `and ${left} more`] : lines }];
}

function rowsOf(
  { stable, chosen, test, direction, version }: Change,
  compared: Comparison | undefined,
  { run }: Context,
): Cell[][] {
  const both = (name: string, show: (build: CatalogueBuild) => Cell): Cell[] => [
    name,
    stable ? show(stable) : '',
    show(chosen),
  ];
  const count = compared && `${compared.ahead} ${direction === 'rollback' ? 'fewer' : 'more'}`;
  return [
    both('Build', buildName),
    ['Version', stable?.versions.join(', ') ?? '', [...new Set([version, ...chosen.versions])].join(', ')],
    both('Digest', ({ digest }) => ({ code: digest })),
    both('Commit', ({ commit }) => ({ code: commit?.slice(0, 12) ?? 'unknown' })),
    ...(compared && count !== undefined ? [['Commits', '', { link: count, href: compared.url }]] : []),
    both('Created', ({ created }) => created?.toISOString().slice(0, 16).replace('T', ' ') ?? 'unknown'),
    both('Size', ({ bytes }) => `${(bytes / 1_000_000).toFixed(1)} MB`),
    both('Platforms', ({ platforms }) =>
      platforms
        .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join('/'))
        .join(', '),
    ),
    both('Schema', ({ schemaVersion }) => schemaVersion ?? 'unknown'),
    ['Tested', '', testCell(test, run.serverUrl)],
    ['Direction', '', direction],
  ];
}

function testCell(test: TestVerdict, serverUrl: string): Cell {
  if (test.is === 'untested') return '⚪ no record';
  const { at, project = '', run } = test.record;
  const light = test.is === 'tested' ? '🟢' : '🔴';
  const said = `${light} ${project} ${at.toISOString().slice(0, 16).replace('T', ' ')}`;
  // The address comes from the registry: only this GitHub is linked.
  return run.startsWith(`${serverUrl}/`) ? { link: said, href: run } : said;
}

/** Undefined where it cannot be told: no token, no commit in the labels, another server, or GitHub does not answer. */
async function compareCommits(
  { stable, chosen, direction }: Change,
  gitHub: GitHub | undefined,
  { run, log, signal }: Context,
): Promise<Comparison | undefined> {
  if (!gitHub || !stable?.commit || !chosen.commit || direction === 'same') return undefined;
  const repository = repositoryOf(chosen.source, run.serverUrl);
  if (repository === undefined || repository !== repositoryOf(stable.source, run.serverUrl)) return undefined;
  const [older, newer] = direction === 'rollback' ? [chosen, stable] : [stable, chosen];
  try {
    return await gitHub.compare(repository, older.commit ?? '', newer.commit ?? '', signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ActionError)) throw error;
    log.info(`The commits in between are not known: ${error.message}`);
    return undefined;
  }
}

/** `owner/name` of an address on this server. */
function repositoryOf(source: string | undefined, serverUrl: string): string | undefined {
  const url = URL.parse(source ?? '');
  if (url?.origin !== URL.parse(serverUrl)?.origin) return undefined;
  return /^\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(url?.pathname ?? '')?.[1];
}
