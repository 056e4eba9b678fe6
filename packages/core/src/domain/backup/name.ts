/** How a backup is compressed: zstd (RFC 8878), or gzip (RFC 1952) as the old system did and as a site may ask for. */
export type Compression = 'zst' | 'gz';

/** What the name of a backup's file says: `backup-<ISO time>Z-<database>.sql.<zst|gz>`, the time in UTC to the second. */
export interface BackupName {
  readonly at: Date;
  readonly database: string;
  readonly compression: Compression;
}

/** The old system's files may have fractions of a second. A database's name is that of MySQL, without what a path could be made of. */
const pattern = /^backup-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z-([\w$-][\w$.-]{0,63})\.sql\.(zst|gz)$/;

/** Undefined for any other name, also for one whose day or time does not exist. */
export function parseBackupName(file: string): BackupName | undefined {
  const [, time, database, compression] = pattern.exec(file) ?? [];
  if (time === undefined || database === undefined) return undefined;
  const at = new Date(`${time}Z`);
  if (Number.isNaN(at.getTime()) || secondsOf(at) !== time) return undefined;
  return { at, database, compression: compression === 'gz' ? 'gz' : 'zst' };
}

/** Fractions of a second are left out. The database's name has to be one that `parseBackupName` reads. */
export function formatBackupName({ at, database, compression }: BackupName): string {
  return `backup-${secondsOf(at)}Z-${database}.sql.${compression}`;
}

/** The manifest lies beside the backup. */
export function manifestName(file: string): string {
  return `${file}.json`;
}

function secondsOf(at: Date): string {
  return at.toISOString().slice(0, 19);
}
