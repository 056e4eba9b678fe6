import type { Piece } from '../../src/restore/dump-reader.ts';
import { DumpReader } from '../../src/restore/dump-reader.ts';

const dump = `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB
--

/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE \`we;ird\` (
  \`a\` int COMMENT 'it''s; \\'--\\' # no /* comment'
);
INSERT INTO \`we;ird\` VALUES
(1,'a;\\n','é''\\\\'),
(2,';');
INSERT INTO \`we;ird\` VALUES (3,'x');
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN
-- it's; a comment
INSERT INTO \`we;ird\` VALUES (4);
/* it's; another */ # it's
END */;;
DELIMITER ;
-- Dump completed on 2026-11-23  4:05:06
`;

function read(text: string, size: number): { readonly pieces: readonly Piece[]; readonly reader: DumpReader } {
  const reader = new DumpReader();
  const bytes = Buffer.from(text);
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(...reader.push(bytes.subarray(at, at + size)));
  reader.end();
  return { pieces, reader };
}

/** Parts of rows put together. */
function statements(pieces: readonly Piece[]): readonly string[] {
  const found: string[] = [];
  let rows = '';
  for (const piece of pieces) {
    if (piece.kind === 'statement') found.push(piece.text.toString());
    else {
      rows += piece.text.toString('latin1');
      if (piece.isLast) found.push(Buffer.from(rows, 'latin1').toString());
      if (piece.isLast) rows = '';
    }
  }
  return found;
}

const expected = [
  '/*!40101 SET NAMES utf8mb4 */',
  "CREATE TABLE `we;ird` (\n  `a` int COMMENT 'it''s; \\'--\\' # no /* comment'\n)",
  "INSERT INTO `we;ird` VALUES\n(1,'a;\\n','é''\\\\'),\n(2,';')",
  "INSERT INTO `we;ird` VALUES (3,'x')",
  "/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN\n-- it's; a comment\nINSERT INTO `we;ird` VALUES (4);\n/* it's; another */ # it's\nEND */",
];

test.each([1, 2, 3, 5, 7, 64, 100_000])('finds the same statements in pieces of %d bytes', (size) => {
  const { pieces, reader } = read(dump, size);
  expect(statements(pieces)).toEqual(expected);
  expect(reader).toMatchObject({ isComplete: true, isKnown: true });
});

test('gives rows with the name of their table, a quote in it undoubled', () => {
  const text = '-- MySQL dump 10.13\nINSERT INTO `a``ü` (`x`, `y`) VALUES (1,2);\n';
  expect(read(text, 1000).pieces).toMatchObject([{ kind: 'rows', table: 'a`ü', isLast: true }]);
});

test('lexes the rows of a dump that another program wrote, line feeds in values included', () => {
  const { pieces, reader } = read("INSERT INTO `a` VALUES ('x;\ny');\nINSERT INTO `a` VALUES (2);\n", 4);
  expect(statements(pieces)).toEqual(["INSERT INTO `a` VALUES ('x;\ny')", 'INSERT INTO `a` VALUES (2)']);
  expect(pieces.every(({ kind }) => kind === 'statement')).toBe(true);
  expect(reader.isKnown).toBe(false);
});

test.each([
  ['within a statement', 'CREATE TABLE `a` (b INT'],
  ['within a text', "CREATE TABLE `a` (b INT DEFAULT ';"],
  ['within rows', '-- MySQL dump 10.13\nINSERT INTO `a` VALUES (1),\n'],
  ['between the end of a statement and of its line', '-- MySQL dump 10.13\nINSERT INTO `a` VALUES (1);'],
])('does not take a dump for whole that ends %s', (_, text) => {
  expect(() => read(text, 10)).toThrow(expect.objectContaining({ code: 'verify-failed' }) as Error);
});

test('does not take an end marker for one that is in a text or before another statement', () => {
  const marker = '-- Dump completed on 2026-11-23  4:05:06\n';
  expect(read(`SET @a = '\n${marker}';\n`, 9).reader.isComplete).toBe(false);
  expect(read(`${marker}SET @a = 1;\n`, 9).reader.isComplete).toBe(false);
  expect(read(`SET @a = 1;\n${marker}`, 9).reader.isComplete).toBe(true);
});

test('passes over a comment of any length', () => {
  const { pieces } = read(`-- ${'it;s '.repeat(10_000)}\nSET @a = 1;\n`, 1000);
  expect(statements(pieces)).toEqual(['SET @a = 1']);
});

test('takes a backslash for a letter and a double quote for a name where the SQL mode says so', () => {
  const reader = new DumpReader();
  reader.setMode('ANSI_QUOTES,NO_BACKSLASH_ESCAPES');
  const pieces = reader.push(Buffer.from(`SET @a = '\\', @b = "\\";\nSET @c = 1;\n`));
  expect(statements(pieces)).toEqual([`SET @a = '\\', @b = "\\"`, 'SET @c = 1']);
});
