import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActLog } from '@delivery/testing/github/act-log';

describe('what act prints', () => {
  const dir = mkdtempSync(join(tmpdir(), 'act-log-'));
  const ended: string[] = [];
  let changes = 0;
  let log: ActLog;
  beforeEach(() => {
    log = new ActLog(dir, 'CI', {
      jobsChanged: () => (changes += 1),
      stepEnded: (job, result) => ended.push(`${job} ${result}`),
    });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const print = (entry: object) => log.line(JSON.stringify(entry));
  const file = (name: string) => readFileSync(join(dir, name), 'utf8');

  it('becomes the state of each job, told when it changes', () => {
    print({ job: 'CI/build', step: 'Set up job', msg: 'Run Set up job' });
    print({ job: 'CI/build', stage: 'Main', step: 'make', msg: 'made', stepResult: 'success' });
    expect(log.jobs).toEqual([{ name: 'build', status: 'in_progress', conclusion: null }]);
    print({ job: 'CI/build', jobResult: 'failure', msg: 'Job failed' });
    expect(log.jobs).toEqual([{ name: 'build', status: 'completed', conclusion: 'failure' }]);
    expect(changes).toBe(2);
    expect(ended).toEqual(['build success']);
  });

  it('becomes job summaries, one after the other for each job', () => {
    print({ job: 'CI/a', command: 'summary', content: '# one\n' });
    print({ job: 'CI/b', command: 'summary', content: '# other' });
    print({ job: 'CI/a', command: 'summary', content: '# two' });
    expect(file('summary.md')).toBe('<!-- job a -->\n# one\n\n# two\n\n<!-- job b -->\n# other\n');
  });

  it('becomes annotations', () => {
    print({ job: 'CI/a', step: 's', command: 'error', arg: 'bad', kvPairs: { file: 'x.py', line: '3' }, msg: 'x' });
    expect(JSON.parse(file('annotations.json'))).toEqual([
      { level: 'error', message: 'bad', file: 'x.py', line: 3, job: 'a', step: 's' },
    ]);
  });

  it('becomes a log to read, and is kept as it came', () => {
    print({ job: 'CI/a', msg: 'two\nlines\n' });
    print({ job: 'CI/a', msg: 'x', raw: '::group::G\n', command: 'group' });
    print({ job: 'CI/a', msg: 'LocalRepositoryCache matched' });
    log.line('not json');
    expect(file('log.txt')).toBe('a | two\na | lines\na | ::group::G\nnot json\n');
    expect(file('log.jsonl').split('\n')).toHaveLength(5);
  });

  it('tells of a job that was left out for want of a runner', () => {
    print({ job: 'CI/a', msg: '🚧  Skipping unsupported platform -- Try running with `-P x=...`' });
    expect(log.skipped).toBe('no runner has the label that job a asks for');
  });
});
