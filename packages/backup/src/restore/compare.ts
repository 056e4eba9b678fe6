import type { BackupManifest, ObjectRecord, ServerVersion, TableRecord } from '@delivery/core/domain/backup/manifest';
import type { ComparedTable } from '@delivery/core/domain/backup/report';
import type { Facts, TableContent } from '../facts.ts';

/** What a comparison of a restored database with its manifest came to. */
export interface Comparison {
  readonly tables: readonly ComparedTable[];
  /** What is not as the manifest says; sentences. */
  readonly mismatches: readonly string[];
  /** What could not be compared; sentences. */
  readonly unproven: readonly string[];
}

export const kinds = ['views', 'routines', 'triggers', 'events'] as const;

/** Every table of either side. Contents are those of `facts.tables`. */
export function compareTables(
  manifest: BackupManifest,
  facts: Facts,
  contents: ReadonlyMap<string, TableContent>,
): Comparison {
  const there = new Map(facts.tables.map((table) => [table.name, table]));
  const known = new Set(manifest.tables.map(({ name }) => name));
  const isSameServer = isSameSeries(manifest, facts);
  const judged = manifest.tables.map((table) => {
    const content = contents.get(table.name);
    if (!there.has(table.name) || !content) return missing(table);
    const engine = there.get(table.name)?.engine ?? '';
    return judge(table, content, { isSameServer, engine });
  });
  const extra = facts.tables.filter(({ name }) => !known.has(name));
  return {
    tables: [
      ...judged.map(({ table }) => table),
      ...extra.map(({ name }) => ({ name, rows: contents.get(name)?.rows ?? null, verdict: 'extra' as const })),
    ],
    mismatches: [
      ...judged.flatMap(({ mismatch }) => mismatch ?? []),
      ...extra.map(({ name }) => `the table ${name} is not in the manifest`),
    ],
    unproven: judged.flatMap(({ unproven }) => unproven ?? []),
  };
}

/**
 * Views, routines, triggers, events, by their definitions. Servers of another series print the same definition in other words, so what
 * differs there is not proven.
 */
export function compareObjects(
  manifest: BackupManifest,
  facts: Facts,
  which: readonly (typeof kinds)[number][] = kinds,
): Pick<Comparison, 'mismatches' | 'unproven'> {
  const found = which.map((kind) => compareKind(kind.slice(0, -1), manifest[kind], facts[kind]));
  const unlike = found.flatMap((one) => one.unlike);
  const others = found.flatMap((one) => one.others);
  if (isSameSeries(manifest, facts)) return { mismatches: [...others, ...unlike], unproven: [] };
  const other = `${series(facts.server)} may tell it in other words`;
  return { mismatches: others, unproven: unlike.map((one) => `${one}, but ${other}`) };
}

interface Judged {
  readonly table: ComparedTable;
  readonly mismatch?: string;
  readonly unproven?: string;
}

function missing({ name }: TableRecord): Judged {
  return { table: { name, rows: null, verdict: 'missing' }, mismatch: `the table ${name} is missing` };
}

function judge(
  said: TableRecord,
  found: TableContent,
  { isSameServer, engine }: { readonly isSameServer: boolean; readonly engine: string },
): Judged {
  const { name } = said;
  const compared = (verdict: ComparedTable['verdict']) => ({ name, rows: found.rows, verdict });
  const notCompared = (why: string) => ({ table: compared('not-compared'), unproven: `the table ${name} ${why}` });
  const different = (what: string) => ({ table: compared('different'), mismatch: `the table ${name} ${what}` });
  if (said.notes.some(({ note }) => note === 'changed-meanwhile')) {
    return notCompared('changed while it was dumped, and its engine knows no snapshot');
  }
  if (said.rows === null || said.content === null) return notCompared('has no checksum in the manifest');
  if (found.rows !== said.rows) return different(`has ${found.rows ?? 'no'} rows, the manifest says ${said.rows}`);
  if (found.content !== said.content) return different(`has ${said.rows} rows, but not the same content`);
  const sumDiffers = isSameServer && said.checksum !== null && found.checksum !== said.checksum;
  const floats = said.notes.flatMap((note) => (note.note === 'float' ? note.columns : []));
  if (sumDiffers && floats.length === 0) {
    return different(`has the same content, but CHECKSUM TABLE says ${found.checksum}, not ${said.checksum}`);
  }
  if (sumDiffers) {
    const columns = floats.join(', ');
    return notCompared(`is equal as text, but digits of FLOAT that a dump does not carry may be lost in ${columns}`);
  }
  const moved = engine === said.engine ? {} : { unproven: `the table ${name} is now ${engine}, it was ${said.engine}` };
  return { table: compared('equal'), ...moved };
}

function compareKind(kind: string, said: readonly ObjectRecord[], found: readonly ObjectRecord[]) {
  const there = new Map(found.map(({ name, sha256 }) => [name, sha256]));
  const known = new Set(said.map(({ name }) => name));
  const unlike = said.filter(({ name, sha256 }) => there.has(name) && there.get(name) !== sha256);
  return {
    unlike: unlike.map(({ name }) => `the ${kind} ${name} is not defined as it was`),
    others: [
      ...said.flatMap(({ name }) => (there.has(name) ? [] : [`the ${kind} ${name} is missing`])),
      ...found.flatMap(({ name }) => (known.has(name) ? [] : [`the ${kind} ${name} is not in the manifest`])),
    ],
  };
}

function isSameSeries(manifest: BackupManifest, facts: Facts): boolean {
  return manifest.server !== undefined && series(manifest.server) === series(facts.server);
}

/** CHECKSUM TABLE means the same within one of these: `MariaDB 10.11`. */
function series({ product, version }: ServerVersion): string {
  return `${product} ${/^\d+\.\d+/.exec(version)?.[0] ?? version}`;
}
