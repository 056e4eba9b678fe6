import { LogLines } from '../../../src/adapters/cluster/log-lines.ts';

const stamp = '2026-01-02T15:04:05.000000001Z';
const bytes = (text: string) => Buffer.from(text);

describe('LogLines', () => {
  it('gives lines with their stamps, and keeps the one that has not ended', () => {
    const lines = new LogLines();
    expect(lines.push(bytes(`${stamp} one\n${stamp} \n${stamp} th`))).toEqual([
      { stamp, text: 'one' },
      { stamp, text: '' },
    ]);
    expect(lines.rest()).toEqual({ stamp, text: 'th' });
    expect(lines.push(bytes('ree\n'))).toEqual([{ stamp, text: 'three' }]);
    expect(lines.rest()).toBeUndefined();
  });

  it.each([
    ['2026-01-02T15:04:05Z', '2026-01-02T15:04:05.000000000Z'],
    ['2026-01-02T15:04:05.12Z', '2026-01-02T15:04:05.120000000Z'],
    ['2026-01-02T01:04:05.000000001+02:30', '2026-01-01T22:34:05.000000001Z'],
    ['2026-01-02T23:04:05.000000001-05:00', '2026-01-03T04:04:05.000000001Z'],
  ])('makes stamps comparable: %s', (given, expected) => {
    expect(new LogLines().push(bytes(`${given} x\n`))).toEqual([{ stamp: expected, text: 'x' }]);
  });

  it.each(['no stamp', '2026-99-02T15:04:05Z x', 'nospace', '', '2026-01-02 x', `${'x'.repeat(100)} x`])(
    'gives a line that has no stamp as it is: %j',
    (text) => expect(new LogLines().push(bytes(`${text}\n`))).toEqual([{ stamp: '', text }]),
  );

  it('cuts a line at 16 KiB, between two characters, and goes on after it', () => {
    const lines = new LogLines();
    const given = `${stamp} ${'€'.repeat(10_000)}\n${stamp} next\n`;
    for (const size of [1000, 100_000]) {
      const got = [];
      for (let start = 0; start < bytes(given).length; start += size)
        got.push(...lines.push(bytes(given).subarray(start, start + size)));
      // 16,384 bytes hold 5,461 of three bytes and a third of one more.
      expect(got).toEqual([
        { stamp, text: '€'.repeat(5461) },
        { stamp, text: 'next' },
      ]);
    }
  });

  it('keeps no more than 16 KiB of a line that never ends', () => {
    const lines = new LogLines();
    const chunk = bytes('x'.repeat(1024 * 1024));
    for (let count = 0; count < 200; count += 1) expect(lines.push(chunk)).toEqual([]);
    expect(lines.rest()?.text.length).toBeLessThan(17 * 1024);
  });
});
