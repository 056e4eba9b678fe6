import { checkNewest } from '../../src/backup/clock-check.ts';
import type { StoredBackup } from '../../src/backup/volume.ts';

const now = new Date('2026-11-23T08:00:00Z');
const dated = (time: string): StoredBackup => ({
  ...{ name: 'backup', at: new Date(time), places: [], manifestsIn: [], manifest: undefined, trouble: '' },
});

test.each(['2026-11-23T08:02:00Z', '2026-11-23T07:00:00Z', '2020-01-01T00:00:00Z'])(
  'goes on after a backup of %s',
  (time) => {
    expect(() => checkNewest(dated(time), now)).not.toThrow();
  },
);

test('goes on when there is none', () => {
  expect(() => checkNewest(undefined, now)).not.toThrow();
});

test('stops after a backup of the future, as every new one would count as old', () => {
  expect(() => checkNewest(dated('2026-11-23T08:02:01Z'), now)).toThrow('is dated 121 s in the future');
});
