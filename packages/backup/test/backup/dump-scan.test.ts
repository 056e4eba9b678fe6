import type { ScannedDump } from '../../src/backup/dump-scan.ts';
import { DumpScanner } from '../../src/backup/dump-scan.ts';

const heading = (kind: string, name: string) => `\n--\n-- ${kind} \`${name}\`\n--\n`;
const end = '\n-- Dump completed on 2026-11-23  8:05:02\n';

/** The same in pieces of `size` bytes, so that every line is cut somewhere. */
function scan(text: string, size = 1_000_000): ScannedDump {
  const scanner = new DumpScanner();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) scanner.write(bytes.subarray(at, at + size));
  return scanner.end();
}

const dump = [
  '-- MariaDB dump',
  heading('Table structure for table', 'target'),
  `INSERT INTO \`target\` VALUES ('${'x'.repeat(5000)}\\n--\\n-- Table structure for table \`no\`\\n--\\n');`,
  heading('Table structure for table', 'od``d näme'),
  heading('Temporary table structure for view', 'seen'),
  heading('Final view structure for view', 'seen'),
  heading('Sequence structure for', 'numbers'),
  end,
].join('\n');

test.each([1, 7, 64, 1000, 1023, 1024, 1025, 4096, 1_000_000])(
  'finds tables, views and the end in pieces of %d bytes',
  (size) => {
    expect(scan(dump, size)).toEqual({
      plainBytes: Buffer.byteLength(dump),
      tables: ['numbers', 'od`d näme', 'target'],
      views: ['seen'],
      complete: true,
    });
  },
);

test.each([
  ['nothing follows the end marker', `a${end}`, true],
  ['an end marker without its time', 'a\n-- Dump completed\n', true],
  ['a statement follows it', `a${end}INSERT INTO a VALUES (1);\n`, false],
  ['it is cut', 'a\n-- Dump comp', false],
  ['it stands in a row', `INSERT INTO a VALUES ('x\\n-- Dump completed');\n`, false],
  ['there is nothing', '', false],
])('knows whether a dump is whole: %s', (_, text, complete) => {
  expect(scan(text).complete).toBe(complete);
});
