import { parseDataListing } from '@delivery/core/domain/data-listing';

const line = '2026-09-15T16 directory file 26';

describe('the listing of the data', () => {
  it('is one line for each entry and an end that counts them', () => {
    const lines = [line, '2026-09-16T09 directory missing missing', '2026-09-17T09 link missing missing', 'end 3'];
    expect(parseDataListing(lines)).toEqual({
      directories: [
        { name: '2026-09-15T16', type: 'directory', ready: 'file', targetList: 26 },
        { name: '2026-09-16T09', type: 'directory', ready: 'missing', targetList: 'missing' },
        { name: '2026-09-17T09', type: 'link', ready: 'missing', targetList: 'missing' },
      ],
    });
    expect(parseDataListing(['end 0'])).toEqual({ directories: [] });
  });

  it.each([
    [[], 'is empty'],
    [[line], 'ends with "2026-09-15T16 directory file 26", not with "end 0"'],
    [[line, 'end 2'], 'ends with "end 2", not with "end 1": it is not whole'],
    [[line, 'end 1 '], 'not with "end 1"'],
    [[line, 'end 01'], 'not with "end 1"'],
    [['', line, 'end 1'], 'has as line 1 "", which is not of its form'],
    [['sh: cannot open', 'end 1'], 'has as line 1 "sh: cannot open"'],
    [['::error::x', 'end 1'], 'line 1 "::error::x"'],
    [[`${line} more`, 'end 1'], 'line 1'],
    [[`${line}\r`, 'end 1'], 'line 1'],
    [['2026-09-15T16  directory file 26', 'end 1'], 'line 1'],
    [['2026-09-15T16 pipe file 26', 'end 1'], 'line 1'],
    [['2026-09-15T16 directory 26 file', 'end 1'], 'line 1'],
    [['2026-09-15T16 directory file -1', 'end 1'], 'line 1'],
    [['2026-09-15T16 directory file 026', 'end 1'], 'line 1'],
    [['2026-09-15T16 directory file 1e3', 'end 1'], 'line 1'],
    [[`2026-09-15T16 directory file ${'9'.repeat(16)}`, 'end 1'], 'line 1'],
    [['../2026-09-15T16 directory file 26', 'end 1'], 'line 1'],
    [['../../../etc directory file 26', 'end 1'], 'line 1'],
    [[line, 'x'.repeat(201), 'end 2'], 'has as line 2'],
    [[line, line, 'end 2'], 'names an entry twice'],
    [[...Array<string>(10_001).fill(line), 'end 10001'], 'has more than 10001 lines'],
  ])('is refused when it is anything else: %#', (lines, problem) => {
    const read = parseDataListing(lines);
    expect(read).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  it('shows no more of a line than is needed to find it', () => {
    const read = parseDataListing(['x'.repeat(5000), 'end 1']);
    expect('problem' in read && read.problem.length).toBeLessThan(200);
  });
});
