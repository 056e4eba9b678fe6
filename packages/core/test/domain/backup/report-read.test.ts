import { createHash } from 'node:crypto';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import { ReportReader } from '@delivery/core/domain/backup/report-read';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import { backupManifest, backupReport, inventoryEntry, tableRecord } from '@delivery/testing/program-report';

const sha256hex = (text: string) => createHash('sha256').update(text).digest('hex');
const long = backupReport({ alarms: Array.from({ length: 1_000 }, (_, index) => `alarm ${index} of a thousand`) });

function readLines(lines: readonly string[], termination: string) {
  const reader = new ReportReader();
  reader.take(lines);
  return reader.read(termination);
}

/** As the program would say anything at all, with a digest that is right. */
function readAny(value: unknown) {
  const report = value as ProgramReport;
  return readLines(reportLines(report), terminationMessage(report));
}

describe('a report in a log', () => {
  it('is read out of the lines of the log, which stay without it', () => {
    const reader = new ReportReader();
    const lines = reportLines(long);
    expect(reader.take(['dumping', '', ...lines.slice(0, 2)])).toEqual(['dumping', '']);
    expect(reader.take(['still here', ...lines.slice(2)])).toEqual(['still here']);
    expect(reader.read(`${terminationMessage(long)}\n`)).toEqual({ report: long });
  });

  it.each<[string, ProgramReport]>([
    [
      'a list',
      { ...said(), command: 'list', verdict: 'listed', inventory: [inventoryEntry({ trouble: 'no manifest' })] },
    ],
    ['a restore', { ...said(), command: 'restore', verdict: 'equal', drill: true, ...restored() }],
    ['a backup that was not due', backupReport({ verdict: 'skipped', manifest: null, tiers: [] })],
  ])('may be of %s', (_, report) => {
    expect(readAny(report)).toEqual({ report });
  });

  it('may hold a manifest of the old system, without a server', () => {
    const tables = [tableRecord({ rows: null, checksum: null, content: null })];
    const report = backupReport({ manifest: backupManifest({ origin: 'found', server: undefined, tables }) });
    expect(readAny(report)).toEqual({ report });
  });

  it('keeps what is hostile in it as it is, for those who print it', () => {
    const report = backupReport({ sentence: '::error::x\n\u001b[2J', alarms: ['##[set-env name=PATH]/tmp'] });
    expect(readAny(report)).toEqual({ report });
  });
});

describe('a report that is not believed', () => {
  const lines = reportLines(long);
  const message = terminationMessage(long);
  const swapped = lines.with(0, lines[1] ?? '').with(1, lines[0] ?? '');

  it.each<[string, readonly string[], RegExp]>([
    ['is missing', ['dumping'], /^is missing from the log$/],
    ['is cut off', lines.slice(0, -1), /^is cut off in the log: \d+ of \d+ lines are there$/],
    ['lacks its beginning', lines.slice(1), /out of order/],
    ['lacks a line in the middle', lines.toSpliced(1, 1), /out of order/],
    ['is given twice', [...lines, ...lines], /out of order/],
    ['has a line twice', [...lines.slice(0, 1), ...lines], /out of order/],
    ['has its lines swapped', swapped, /out of order/],
    ['has more lines than it says', [...lines, `@report ${lines.length + 1}/${lines.length} {}`], /out of order/],
    ['changes its number of lines', [`@report 1/2 {`, `@report 2/3 }`], /out of order/],
    ['has a line of another form', ['@report 1/1', '@report one/1 {}'], /not of its form/],
    ['was changed', lines.map((line) => line.replace('alarm 7 ', 'alarm 8 ')), /digests differ/],
  ])('%s', (_, given, problem) => {
    expect(readLines(given, message)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  it.each<[string, string, string]>([
    ['no termination message', '', 'is empty'],
    ['one that is not JSON', 'Killed', 'is not JSON'],
    ['one with a field too many', message.replace('{', '{"more":1,'), 'does not have the form of docs/backups.md'],
  ])('has %s', (_, given, problem) => {
    expect(readLines(lines, given)).toEqual({ problem: `has no digest: the termination message ${problem}` });
  });

  it('has the digest of another report', () => {
    expect(readLines(lines, terminationMessage(backupReport()))).toEqual({
      problem: 'is not the one that the termination message names: their digests differ',
    });
  });

  it('has another verdict than the termination message', () => {
    expect(readLines(lines, message.replace('"verified"', '"failed"'))).toEqual({
      problem: 'says something else than the termination message',
    });
  });

  it.each<[string, unknown]>([
    ['a number', 7],
    ['a field that is unknown', { ...backupReport(), more: 1 }],
    ['a field that is missing', { ...backupReport(), offSite: undefined }],
    ['a verdict of another command', { ...backupReport(), verdict: 'equal' }],
    ['a digest in capitals', backupReport({ manifest: backupManifest({ sha256: 'AB'.repeat(32) }) })],
    ['a file outside the folder', backupReport({ manifest: backupManifest({ file: '../x.sql.zst' }) })],
    ['a path in the inventory', backupReport({ inventory: [inventoryEntry({ name: '../../etc/passwd' })] })],
    ['a day that does not exist', backupReport({ inventory: [inventoryEntry({ at: '2026-13-01T00:00:00Z' })] })],
    ['a size below nothing', backupReport({ manifest: backupManifest({ bytes: -1 }) })],
    ['a name without an end', backupReport({ manifest: backupManifest({ database: 'x'.repeat(300) }) })],
    ['a sentence without an end', backupReport({ sentence: 'x'.repeat(4_001) })],
    ['a cause that is no word', backupReport({ cause: 'x y' })],
  ])('has %s', (_, value) => {
    const text = JSON.stringify(value);
    const termination = { version: 1, command: 'backup', verdict: 'verified', cause: '', sentence: 'x' };
    const message = JSON.stringify({ ...termination, sha256: sha256hex(text) });
    expect(readLines([`@report 1/1 ${text}`], message)).toEqual({
      problem: expect.stringMatching(/^does not have the form of docs\/backups\.md/) as string,
    });
  });

  it('is longer than 4 MiB, and then nothing of it is kept', () => {
    const piece = 'x'.repeat(16_000);
    const reader = new ReportReader();
    const rest = Array.from({ length: 300 }, (_, index) => `@report ${index + 1}/300 ${piece}`);
    expect(reader.take(rest)).toEqual([]);
    expect(reader.read(message)).toEqual({ problem: 'is longer than 4194304 bytes' });
    expect(reader.take(rest)).toEqual([]);
  });

  it('of 4 MiB is read', () => {
    const alarms = Array.from({ length: 1_040 }, () => 'x'.repeat(4_000));
    expect(readAny(backupReport({ alarms }))).toMatchObject({ report: { alarms } });
  });
});

function said() {
  return { sentence: 'done', next: '', cause: '', alarms: [], steps: [] };
}

function restored() {
  const tables = [{ name: 'viewer_target', rows: 3, verdict: 'equal' as const }];
  const masked = ['auth_user.email'];
  return { backup: inventoryEntry().name, tables, mismatches: [], masked, server: 'MariaDB 10.11.19' };
}
