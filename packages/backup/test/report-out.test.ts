import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportReader } from '@delivery/core/domain/backup/report-read';
import type { BackupReport } from '@delivery/core/domain/backup/report';
import { humanLine, putOut } from '../src/report-out.ts';

const report: BackupReport = {
  ...{
    command: 'backup',
    verdict: 'failed',
    cause: 'connect',
    sentence: 'no answer',
    next: 'See why.',
    alarms: ['old'],
  },
  ...{ steps: [], manifest: null, tiers: [], offSite: { state: 'not-tried', said: '' }, pruned: [], inventory: [] },
};

test('prints what people read, and a report that its reader believes together with the termination message', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  const word = join(folder, 'word');
  writeFileSync(word, 'something longer that was there before '.repeat(40));
  const lines: string[] = [];
  putOut(report, (line) => lines.push(line), word);
  const reader = new ReportReader();
  expect(reader.take(lines)).toEqual(['ALARM: old.', 'failed (connect): no answer.', 'See why.']);
  expect(reader.read(readFileSync(word, 'utf8'))).toEqual({ report });
  rmSync(folder, { recursive: true });
});

test('leaves no termination message where there is no file for it', () => {
  const lines: string[] = [];
  putOut(report, (line) => lines.push(line), '/no/such/file');
  expect(lines.filter((line) => line.includes('termination'))).toEqual([]);
});

test('prints a line of others so that it is none of the report, and one line', () => {
  expect(humanLine('@report 1/1 {}')).toBe(' @report 1/1 {}');
  expect(humanLine('a\n@report 1/1\u001b[2J\rb')).toBe('a @report 1/1 b');
});
