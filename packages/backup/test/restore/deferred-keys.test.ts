import { deferKeys, isSameTable, referencesOf } from '../../src/restore/deferred-keys.ts';

const table = (...lines: readonly string[]) =>
  `CREATE TABLE \`t\` (\n${lines.map((line) => `  ${line}`).join(',\n')}\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4`;

const columns = [
  '`id` int(11) NOT NULL AUTO_INCREMENT',
  '`a` int(11)',
  '`b;c` varchar(50)',
  '`g` int(11) GENERATED ALWAYS AS (`a` + 1) VIRTUAL',
];

test('puts off keys, unique ones too, and gives them back as they were', () => {
  const definition = table(
    ...columns,
    'PRIMARY KEY (`id`)',
    'UNIQUE KEY `u` (`a`,`b;c`(10))',
    "KEY `k` (`b;c`) USING BTREE COMMENT 'x, y'",
  );
  expect(deferKeys(definition, new Set())).toEqual({
    drop: 'DROP KEY `u`, DROP KEY `k`',
    add: "ADD UNIQUE KEY `u` (`a`,`b;c`(10)), ADD KEY `k` (`b;c`) USING BTREE COMMENT 'x, y'",
  });
});

test.each([
  ['a foreign key of its own', ['KEY `k` (`a`)', 'CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `o` (`id`)'], []],
  ['a foreign key of another table', ['UNIQUE KEY `k` (`a`)'], ['`a`']],
  ['a virtual column', ['KEY `k` (`g`)'], []],
  ['words', ['FULLTEXT KEY `k` (`b;c`)'], []],
  ['places', ['SPATIAL KEY `k` (`a`)'], []],
])('leaves alone a key of %s', (_, keys, referenced) => {
  expect(deferKeys(table(...columns, 'PRIMARY KEY (`id`)', ...keys), new Set(referenced))).toBeUndefined();
});

test('puts off a key of a column that is generated and stored', () => {
  const stored = [
    '`a` int(11)',
    '`s` int(11) GENERATED ALWAYS AS (`a` + 1) STORED',
    'PRIMARY KEY (`a`)',
    'KEY `k` (`s`)',
  ];
  expect(deferKeys(table(...stored), new Set())?.drop).toBe('DROP KEY `k`');
});

test('leaves alone a table without a primary key, one that counts by another key, and other engines', () => {
  const keys = ['KEY `k` (`a`)'];
  expect(deferKeys(table(...columns, ...keys), new Set())).toBeUndefined();
  expect(deferKeys(table(...columns, 'PRIMARY KEY (`a`)', 'KEY `i` (`id`)', ...keys), new Set())).toBeUndefined();
  const other = table(...columns, 'PRIMARY KEY (`id`)', ...keys).replace('InnoDB', 'MyISAM');
  expect(deferKeys(other, new Set())).toBeUndefined();
});

test('takes a table for the same in which only the order of keys and the next number differ', () => {
  const one = table('`a` int', 'KEY `x` (`a`)', 'KEY `y` (`a`)');
  expect(isSameTable(one, table('`a` int', 'KEY `y` (`a`)', 'KEY `x` (`a`)').replace('=7', '=8'))).toBe(true);
  expect(isSameTable(one, table('`a` int', 'KEY `y` (`a`)'))).toBe(false);
});

test('tells what foreign keys refer to', () => {
  const text = table('`a` int', 'CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `o``ther` (`x`, `y`) ON DELETE CASCADE');
  expect(referencesOf(text)).toEqual([['`o``ther`', '`x`']]);
});
