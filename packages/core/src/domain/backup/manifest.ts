/** What lies beside a backup as `<file>.json`: docs/backups.md. Times are ISO 8601 in UTC, sizes in bytes, digests SHA-256 in hex. */
export interface BackupManifest {
  readonly version: 1;
  /** Of the backup, without its folder. */
  readonly file: string;
  /** `dump`: this suite made it. `found`: a file of the old system, read through and found whole; it has no tables' checksums. */
  readonly origin: 'dump' | 'found';
  readonly manual: boolean;
  readonly database: string;
  /** Of the compressed file, and of what it holds. */
  readonly bytes: number;
  readonly plainBytes: number;
  readonly sha256: string;
  readonly startedAt: string;
  /** When the snapshot was taken that both the dump and the checksums come from. */
  readonly snapshotAt: string;
  readonly endedAt: string;
  readonly tools: Readonly<Record<string, string>>;
  /** Undefined for one that was found. */
  readonly server: ServerVersion | undefined;
  readonly characterSet: string;
  readonly collation: string;
  /** Sorted by name. One that was found has names only: rows and checksums are null. */
  readonly tables: readonly TableRecord[];
  readonly views: readonly ObjectRecord[];
  readonly routines: readonly ObjectRecord[];
  readonly triggers: readonly ObjectRecord[];
  readonly events: readonly ObjectRecord[];
}

export interface ServerVersion {
  readonly product: 'MySQL' | 'MariaDB';
  /** As the server says it: `10.11.19-MariaDB-0+deb12u1`. */
  readonly version: string;
}

export interface TableRecord {
  readonly name: string;
  readonly engine: string;
  readonly rows: number | null;
  /** CHECKSUM TABLE: equal only on servers of the same product and row format. */
  readonly checksum: string | null;
  /** A checksum of the rows as text, made by SQL that means the same on every supported server; independent of the rows' order. */
  readonly content: string | null;
  /** Why a dump may not carry all of this table; empty when it does. */
  readonly notes: readonly TableNote[];
}

export type TableNote =
  /** Its engine knows no snapshot, and it changed while it was dumped: rows and checksums are those of before. */
  | { readonly note: 'changed-meanwhile' }
  /** Its engine knows no snapshot; it did not change meanwhile. */
  | { readonly note: 'not-transactional' }
  /** A text dump does not carry all digits of FLOAT: CHECKSUM TABLE may differ after a restore. */
  | { readonly note: 'float'; readonly columns: readonly string[] };

/** A view, routine, trigger or event. */
export interface ObjectRecord {
  readonly name: string;
  /** SHA-256 of its definition as it was made, without its definer. */
  readonly sha256: string;
}
