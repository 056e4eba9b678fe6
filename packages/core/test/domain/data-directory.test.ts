import type { DataDirectory } from '@delivery/core/domain/data-directory';
import { decideData, parseDataName, whatIsMissing } from '@delivery/core/domain/data-directory';

const complete = (name: string, given: Partial<DataDirectory> = {}): DataDirectory => ({
  ...{ name, type: 'directory', ready: 'file', targetList: 20 },
  ...given,
});
const newest = { wanted: undefined, last: undefined, force: false };

describe('the name of a data directory', () => {
  it.each(['2026-09-15T16', '2026-01-01T00', '2024-02-29T23'])('%s is one', (name) => {
    expect(parseDataName(name)).toBe(name);
  });

  it.each([
    '2026-09-15T24',
    '2026-09-31T10',
    '2026-02-29T10',
    '2026-13-01T10',
    '2026-00-10T10',
    '2026-09-00T10',
    '2026-09-15',
    '2026-09-15T1',
    '2026-9-15T16',
    '2026-09-15T16 ',
    ' 2026-09-15T16',
    '2026-09-15T16\n',
    '2026-09-15T16\0',
    '2026-09-15t16',
    '../2026-09-15T16',
    '2026-09-15T16/..',
    '2026-09-15T16/',
    '+002026-09-15T16',
    '٢٠٢٦-٠٩-١٥T١٦',
    '..',
    '',
  ])('%j is none', (name) => {
    expect(parseDataName(name)).toBeUndefined();
  });
});

describe('what is new', () => {
  const older = complete('2026-09-01T08');
  const newer = complete('2026-09-15T16');

  it('is the newest directory with READY', () => {
    expect(decideData([newer, older], newest)).toMatchObject({ is: 'new', name: newer.name });
    expect(decideData([older, newer], { ...newest, last: older.name })).toMatchObject({ is: 'new', name: newer.name });
  });

  it('is nothing when the image has it already', () => {
    expect(decideData([older, newer], { ...newest, last: newer.name })).toEqual({
      is: 'nothing',
      name: newer.name,
      because: 'No new data: the image has 2026-09-15T16 already.',
    });
  });

  it('is what the image has already when it is forced', () => {
    const decision = decideData([newer], { ...newest, last: newer.name, force: true });
    expect(decision).toMatchObject({ is: 'new', name: newer.name });
  });

  it('is the newest that is left when what the image has is gone, which is said', () => {
    const decision = decideData([older], { ...newest, last: newer.name });
    expect(decision).toMatchObject({ is: 'new', name: older.name });
    expect(decision.because).toContain('though it is the older one');
  });

  it('is never what is still being uploaded', () => {
    const uploading = complete('2026-09-16T09', { ready: 'missing' });
    expect(decideData([uploading, newer], newest)).toMatchObject({ is: 'new', name: newer.name });
    expect(decideData([uploading], newest)).toMatchObject({ is: 'nothing', name: undefined });
    expect(decideData([], newest)).toMatchObject({ is: 'nothing', name: undefined });
  });

  it.each<[string, Partial<DataDirectory>]>([
    ['says READY, but has no TARGET_LIST', { targetList: 'missing' }],
    ['says READY, but its TARGET_LIST is empty', { targetList: 0 }],
    ['says READY, but its TARGET_LIST is no regular file', { targetList: 'other' }],
  ])('is refused by name, and nothing older is taken instead, when the newest %s', (why, given) => {
    const broken = complete('2026-09-16T09', given);
    expect(decideData([older, broken], newest)).toEqual({
      is: 'refused',
      name: broken.name,
      because: `2026-09-16T09 ${why}.`,
    });
  });

  it.each([
    complete('2026-09-16T09', { type: 'link', ready: 'missing' }),
    complete('2026-09-16T09', { type: 'link' }),
    complete('2026-09-16T09', { type: 'other' }),
    complete('2026-09-31T09'),
    complete('2026-09-16T24'),
    complete('2026-09-16T09', { ready: 'other' }),
  ])('is not %j', (entry) => {
    expect(decideData([older, entry], newest)).toMatchObject({ is: 'new', name: older.name });
    expect(whatIsMissing(entry)).toBeDefined();
  });
});

describe('a directory that is asked for', () => {
  const there = complete('2026-09-01T08');
  const ask = (entry: DataDirectory, last?: string) => decideData([entry], { wanted: there.name, last, force: false });

  it('is new when it is complete, also beside a newer one', () => {
    const found = [there, complete('2026-09-15T16')];
    expect(decideData(found, { ...newest, wanted: there.name })).toMatchObject({ is: 'new', name: there.name });
  });

  it('is nothing new when the image has it', () => {
    expect(ask(there, there.name)).toMatchObject({ is: 'nothing', name: there.name });
  });

  it('is refused when it is not there, a link, being uploaded or without a list', () => {
    const decisions = [
      ask(complete('2026-09-15T16')),
      ask({ ...there, type: 'link' }),
      ask({ ...there, type: 'other' }),
      ask({ ...there, ready: 'missing' }),
      ask({ ...there, ready: 'other' }),
      ask({ ...there, targetList: 0 }),
    ];
    expect(decisions.map(({ is, because }) => [is, because])).toEqual([
      ['refused', '2026-09-01T08 is not there.'],
      ['refused', '2026-09-01T08 is a link, which is not followed.'],
      ['refused', '2026-09-01T08 is no directory.'],
      ['refused', '2026-09-01T08 has no READY: it is still being uploaded.'],
      ['refused', '2026-09-01T08 has a READY that is no regular file.'],
      ['refused', '2026-09-01T08 says READY, but its TARGET_LIST is empty.'],
    ]);
  });
});
