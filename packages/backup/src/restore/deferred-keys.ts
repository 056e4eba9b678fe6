/** Keys of a table that are made after its rows: sorted once, they cost less than an entry put in its place for every row. */
export interface DeferredKeys {
  /** Rest of an ALTER TABLE. */
  readonly drop: string;
  readonly add: string;
}

const quoted = '`(?:[^`]|``)+`';
const key = new RegExp(`^ {2}((?:UNIQUE )?KEY (${quoted}) \\(((?:${quoted}(?:\\(\\d+\\))?(?: DESC)?,?)+)\\).*?),?$`);
const foreign = new RegExp(`^ {2}CONSTRAINT ${quoted} FOREIGN KEY \\((${quoted})`);
const primary = new RegExp(`^ {2}PRIMARY KEY \\((${quoted})`);
const column = new RegExp(`^ {2}(${quoted}) (.*)$`);
const reference = new RegExp(`REFERENCES (${quoted}) \\((${quoted})`, 'g');

/**
 * From what SHOW CREATE TABLE says. Left alone are keys that a foreign key stands on, from either side (`referenced`: first columns that
 * other tables refer to), those of virtual columns and of AUTO_INCREMENT, and every table without a primary key. Undefined: none.
 */
export function deferKeys(definition: string, referenced: ReadonlySet<string>): DeferredKeys | undefined {
  const lines = definition.split('\n');
  const first = lines.flatMap((line) => primary.exec(line)?.[1] ?? [])[0];
  if (first === undefined || !/\) ENGINE=InnoDB\b/.test(definition)) return undefined;
  const kept = new Set([...referenced, ...lines.flatMap((line) => foreign.exec(line)?.[1] ?? [])]);
  for (const line of lines) {
    const [, name = '', type = ''] = column.exec(line) ?? [];
    if (/\bAUTO_INCREMENT\b/i.test(type) && name !== first) return undefined;
    if (/ AS \(.*\) (?!STORED|PERSISTENT)/i.test(`${type} `)) kept.add(name);
  }
  const keys = lines.flatMap((line) => {
    const [, whole = '', name = '', columns = ''] = key.exec(line) ?? [];
    const names = columns.match(new RegExp(quoted, 'g')) ?? [];
    return whole === '' || names.some((one) => kept.has(one)) ? [] : [{ whole, name }];
  });
  if (keys.length === 0) return undefined;
  return {
    drop: keys.map(({ name }) => `DROP KEY ${name}`).join(', '),
    add: keys.map(({ whole }) => `ADD ${whole}`).join(', '),
  };
}

/** Whether two definitions are of the same table: the order of keys and the next AUTO_INCREMENT value do not count. */
export function isSameTable(one: string, other: string): boolean {
  return comparable(one) === comparable(other);
}

/** By each table's quoted name, the first columns that foreign keys of this definition refer to. */
export function referencesOf(definition: string): readonly (readonly [table: string, column: string])[] {
  return [...definition.matchAll(reference)].map(([, table = '', first = '']) => [table, first]);
}

function comparable(definition: string): string {
  return definition
    .replace(/ AUTO_INCREMENT=\d+/, '')
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .sort()
    .join('\n');
}
