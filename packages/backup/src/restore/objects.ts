import type { RawSession } from './raw-session.ts';
import { refused } from './table-loader.ts';
import type { ObjectStatement } from './survey.ts';

const name = '`(?:[^`]|``)*`';
/** Who made it. Before it only what the server does not read as part of the definition, and what a view begins with. */
const definer = new RegExp(
  `^((?:\\s|/\\*M?!\\d*|\\*/|CREATE\\b|OR\\b|REPLACE\\b|ALGORITHM\\s*=\\s*\\w+)*)DEFINER\\s*=\\s*(?:${name}(?:@${name})?|[^\\s*\`]+)`,
  'i',
);
const altersDatabase = new RegExp(`^(\\s*(?:/\\*M?!\\d*\\s*)?ALTER DATABASE) ${name}`, 'i');

/**
 * Makes views, routines, triggers and events in the session's database, owned by the session's account: the definer that the dump names
 * may be anybody here, root too, and what he owns runs with his rights. `without`: kinds that are left out. Throws a Fault `load-failed`.
 */
export async function makeObjects(
  session: RawSession,
  objects: readonly ObjectStatement[],
  without: readonly string[] = [],
): Promise<void> {
  for (const { what, text } of objects) {
    if (without.includes(what)) continue;
    try {
      await session.run(what === 'session' ? text : ownStatement(text));
    } catch (error) {
      const [, called] =
        /(?:VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT)\s+(\S+)/i.exec(text.toString('latin1', 0, 2000)) ?? [];
      throw refused(`the ${what} ${Buffer.from(called ?? '', 'latin1').toString('utf8')}`, error);
    }
  }
}

/** Without its definer, and without the name of the database that it was taken from. */
export function ownStatement(statement: Buffer): Buffer {
  const text = statement.toString('latin1');
  return Buffer.from(text.replace(definer, '$1 ').replace(altersDatabase, '$1'), 'latin1');
}
