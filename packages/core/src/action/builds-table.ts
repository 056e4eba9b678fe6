import { buildTag, latestTag, stableTag } from '../domain/build.ts';
import { shortDigest } from '../domain/digest.ts';
import type { TestEvent } from '../domain/ledger.ts';
import { promotionsOf, testedVerdict } from '../domain/ledger.ts';
import type { CatalogueBuild } from './catalogue-build.ts';
import type { Running } from './catalogue-running.ts';
import type { Catalogue } from './catalogue.ts';
import type { Cell, SummaryBlock } from './outcome.ts';
import type { RunContext } from './run-context.ts';

/** The workflow that promotes. */
const workflow = 'promote.yml';

export interface TableOf {
  readonly catalogue: Pick<Catalogue, 'image' | 'unreadable'>;
  readonly builds: readonly CatalogueBuild[];
  readonly test: TestEvent;
  /** Undefined: the column is left out. */
  readonly running: Running | undefined;
  readonly run: RunContext;
  readonly now: Date;
}

/** The builds as a person wants to read them, each with what is known of it and the command that promotes it. */
export function buildsTable(given: TableOf): readonly SummaryBlock[] {
  const { catalogue, builds, running, run } = given;
  const { unreadable, image } = catalogue;
  const head = ['Build', 'Commit', 'Age', given.test === 'loaded' ? 'Loaded' : 'Tested'];
  const rest = ['Promoted as', 'Was stable', 'To promote it'];
  const rows = builds.map((build) => rowOf(build, given));
  const form = `${run.serverUrl}/${run.repository}/actions/workflows/${workflow}`;
  return [
    { kind: 'table', head: [...head, ...(running ? ['Runs in'] : []), ...rest], rows },
    ...[...(running?.unknown ?? [])].map(([project, why]) => text(`${project}?: ${why}.`)),
    ...(unreadable.length === 0 ? [] : [unread(unreadable)]),
    image.promoted
      ? { kind: 'table', head: ['', ''], rows: [['Promote by the form', { link: workflow, href: form }]] }
      : text(`delivery.yaml has no images.${image.name}.promoted, so there is nowhere to promote to.`),
  ];
}

function rowOf(build: CatalogueBuild, { catalogue, test, running, run, now }: TableOf): Cell[] {
  const { number, digest, isLatest, isStable, versions, created, records } = build;
  const verdict = testedVerdict(records, test);
  const name = number === undefined ? shortDigest(digest) : String(number);
  const promoted = promotionsOf(records).at(-1);
  const unknown = [...(running?.unknown.keys() ?? [])].map((project) => `${project}?`);
  return [
    isLatest ? `${name}, ${latestTag}` : name,
    commitCell(build, run),
    created ? age(now.getTime() - created.getTime()) : '–',
    verdict.is === 'untested'
      ? '–'
      : linked(`${verdict.is === 'tested' ? '🟢' : '🔴'} ${verdict.record.project ?? ''}`, verdict.record.run, run),
    ...(running ? [[...(running.projects.get(digest) ?? []), ...unknown].join(', ')] : []),
    [...(isStable ? [stableTag] : []), ...versions].join(', '),
    promoted ? promoted.at.toISOString().slice(0, 10) : '',
    verdict.is === 'tested' ? commandCell(build, catalogue.image, run) : wayTo(verdict.is),
  ];
}

/** Nothing in it comes from outside but what has been checked: a number, a digest, a version. */
function commandCell(
  { number, tags, versions, digest }: CatalogueBuild,
  image: Catalogue['image'],
  { repository }: RunContext,
): Cell {
  const safe = /^[\w.-]+$/.test(image.name) && /^[\w.-]+\/[\w.-]+$/.test(repository);
  if (!image.promoted || !safe) return '';
  const isNumbered = number !== undefined && tags.includes(buildTag(number));
  const build = isNumbered ? number : (versions[0] ?? digest);
  const version = versions[0] ?? "'<version>'";
  return {
    code: `gh workflow run ${workflow} -R ${repository} -f image=${image.name} -f build=${build} -f version=${version}`,
  };
}

function wayTo(verdict: 'failed' | 'untested'): string {
  return verdict === 'failed' ? 'not while its last test is bad' : 'not before a good test';
}

function commitCell({ commit, source }: CatalogueBuild, run: RunContext): Cell {
  if (commit === undefined) return '';
  const short = commit.slice(0, 12);
  return source === undefined ? { code: short } : linked(short, `${source}/commit/${commit}`, run);
}

/** A link to this GitHub only: the address comes from the registry. */
function linked(label: string, href: string, { serverUrl }: RunContext): Cell {
  return href.startsWith(`${serverUrl}/`) ? { link: label, href } : label;
}

function unread(tags: Catalogue['unreadable']): SummaryBlock {
  const lines = tags.map(({ tags, why }) => `${tags.join(', ')}: ${why}`);
  return { kind: 'lines', title: `${lines.length} that could not be read`, lines };
}

function text(sentence: string): SummaryBlock {
  return { kind: 'text', text: sentence };
}

/** `5 min`, `3 h`, `12 d`. Milliseconds in; what is dated in the future is 0 min old. */
export function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}
