import { createHash } from 'node:crypto';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import { parseTermination } from '@delivery/core/domain/backup/report-schema';
import { backupReport } from '@delivery/testing/program-report';

const sha256hex = (text: string) => createHash('sha256').update(text).digest('hex');
const pieces = (lines: readonly string[]) => lines.map((line) => line.replace(/^@report \d+\/\d+ /, '')).join('');

describe('the lines of a report', () => {
  it('are pieces of one JSON text, numbered, none longer than what a node keeps of a line', () => {
    const report = backupReport({ alarms: Array.from({ length: 2_000 }, (_, index) => `alarm ${index} – ü 🧪`) });
    const lines = reportLines(report);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.map((line) => line.split(' ', 2).join(' '))).toEqual(
      lines.map((_, index) => `@report ${index + 1}/${lines.length}`),
    );
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(8_200);
    expect(JSON.parse(pieces(lines))).toEqual(report);
  });

  it('hold printable ASCII alone, whatever the report says', () => {
    const sentence = 'a\nb\r\u0000\u001b[31m\u0085\u2028\ud800 é::error::x';
    const lines = reportLines(backupReport({ sentence }));
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(pieces(lines))).toMatchObject({ sentence });
  });
});

describe('the termination message', () => {
  it('names the digest of the report as it stands in the lines', () => {
    const report = backupReport({ sentence: 'größer' });
    expect(JSON.parse(terminationMessage(report))).toEqual({
      ...{ version: 1, command: 'backup', verdict: 'verified', cause: '', sentence: 'größer' },
      sha256: sha256hex(pieces(reportLines(report))),
    });
  });

  it.each(['x', '"', '\u0000', 'é', '🧪'])(
    'is cut to what Kubernetes keeps, and can still be read (%j)',
    (character) => {
      const message = terminationMessage(backupReport({ sentence: character.repeat(4_000) }));
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4_000);
      expect(Buffer.byteLength(message)).toBeGreaterThan(3_000);
      expect(parseTermination(message)).toMatchObject({ termination: { verdict: 'verified' } });
    },
  );
});
