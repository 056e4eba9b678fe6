import { createHash } from 'node:crypto';

/** Databases that are the server's own. */
const systemDatabases: ReadonlySet<string> = new Set(['mysql', 'information_schema', 'performance_schema', 'sys']);

export function isSystemDatabase(database: string): boolean {
  return systemDatabases.has(database.toLowerCase());
}

/** The database beside the target that a backup is loaded into; one for each target, as there is one restore of it at a time. */
export function scratchName(target: string): string {
  // 64 characters are the most; dots mean something in grants and files.
  return `${target.slice(0, 30).replace(/[^\w$-]/g, '_')}__delivery_restore_${shortHash(target)}`;
}

/** The account that loads, dropped at the end. MySQL 5.6 takes 16 characters. */
export function loaderName(target: string): string {
  return `delivery_${shortHash(target).slice(0, 6)}`;
}

/** The account that owns views, routines, triggers and events of a restored database. */
export function definerName(target: string): string {
  return `restored_${shortHash(target).slice(0, 6)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
