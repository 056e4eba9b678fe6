import type { Tier } from '@delivery/core/domain/backup/tiers';
import { backupManifest } from '@delivery/testing/program-report';
import { planLayout } from '../../src/backup/layout.ts';
import type { StoredBackup } from '../../src/backup/volume.ts';

const keep = { hourly: 2, daily: 1, weekly: 0, monthly: 0, manual: 1 };

function stored(hour: number, inTiers: readonly Tier[], over: Partial<StoredBackup> = {}): StoredBackup {
  const time = `2026-11-23T${String(hour).padStart(2, '0')}:05:00`;
  const name = `backup-${time}Z-stack.sql.zst`;
  return {
    ...{ name, at: new Date(`${time}Z`), manifest: backupManifest({ file: name, bytes: 10 }), trouble: '' },
    ...{ places: inTiers.map((tier) => ({ tier, bytes: 10 })), manifestsIn: inTiers },
    ...over,
  };
}

test('does nothing when everything is where it belongs', () => {
  const { links, removals, pruned } = planLayout([stored(2, ['hourly', 'daily']), stored(1, ['hourly'])], keep);
  expect({ links, removals, pruned }).toEqual({ links: [], removals: [], pruned: [] });
});

test('links what a run that was killed has not linked any more, the manifest first', () => {
  const { links } = planLayout([stored(2, ['hourly'])], keep);
  const name = 'backup-2026-11-23T02:05:00Z-stack.sql.zst';
  expect(links).toEqual([
    { from: `hourly/${name}.json`, to: `daily/${name}.json` },
    { from: `hourly/${name}`, to: `daily/${name}` },
  ]);
});

test('removes what no tier keeps, the backup before its manifest', () => {
  const backups = [stored(3, ['hourly', 'daily']), stored(2, ['hourly']), stored(1, ['hourly'])];
  const { removals, pruned } = planLayout(backups, keep);
  const name = 'backup-2026-11-23T01:05:00Z-stack.sql.zst';
  expect(removals).toEqual([`hourly/${name}`, `hourly/${name}.json`]);
  expect(pruned).toEqual([name]);
});

test('removes a manifest that a killed run left where its backup is not wanted', () => {
  const backups = [stored(3, ['hourly', 'daily']), stored(2, ['hourly'], { manifestsIn: ['hourly', 'weekly'] })];
  expect(planLayout(backups, keep).removals).toEqual(['weekly/backup-2026-11-23T02:05:00Z-stack.sql.zst.json']);
});

test('neither links nor removes nor counts a backup that is broken', () => {
  const broken = stored(9, ['hourly'], { trouble: 'it has no end marker', manifest: undefined, manifestsIn: [] });
  const { links, removals, kept } = planLayout([broken, stored(2, ['hourly', 'daily']), stored(1, ['hourly'])], keep);
  expect({ links, removals }).toEqual({ links: [], removals: [] });
  expect([...kept.keys()]).not.toContain(broken.name);
});

test('replaces a file that is cut by the whole one of another tier', () => {
  const places = [
    { tier: 'hourly', bytes: 4 },
    { tier: 'daily', bytes: 10 },
  ] as const;
  const { links } = planLayout([stored(2, ['hourly', 'daily'], { places })], keep);
  const name = 'backup-2026-11-23T02:05:00Z-stack.sql.zst';
  expect(links).toEqual([{ from: `daily/${name}`, to: `hourly/${name}` }]);
});

test('never removes the last good one, whatever is kept', () => {
  const nothing = { hourly: 0, daily: 0, weekly: 0, monthly: 0, manual: 1 };
  const { removals, kept } = planLayout([stored(2, ['hourly', 'daily']), stored(1, ['hourly'])], nothing);
  expect([...kept]).toEqual([['backup-2026-11-23T02:05:00Z-stack.sql.zst', ['hourly']]]);
  expect(removals).not.toContain('hourly/backup-2026-11-23T02:05:00Z-stack.sql.zst');
});
