/**
 * `node --conditions=source bench/tiers.ts [FILE]`: which backups stay, by this suite and by restic, over the same backups of two years
 * with gaps. Prints the differences and fails when there are any; FILE gets what restic keeps, for the test of the tiers. Needs restic
 * 0.17: Debian's 0.14 does not keep the oldest backup of a tier that is not full yet.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomOf } from '@delivery/testing/random';
import { defaultKeep, keptBy } from '@delivery/core/domain/backup/tiers';

const keeps = [
  { ...defaultKeep, manual: 0 },
  { hourly: 5, daily: 40, weekly: 0, monthly: 30, manual: 0 },
  { hourly: 0, daily: 0, weekly: 60, monthly: 1, manual: 0 },
];

const random = randomOf(7);
const end = Date.parse('2026-11-23T07:05:00Z');
/** Dense at the end, thin before, as a volume is; to the second, as restic takes times. */
const ats = Array.from(
  { length: 140 },
  (_, index) => end - Math.floor((index / 140) ** 3 * 730 * 86_400 + random() * 5_000) * 1_000,
);
const backups = [...new Set(ats)].map((at) => ({
  name: new Date(at).toISOString().slice(0, 19),
  at: new Date(at),
  manual: false,
}));

const dir = mkdtempSync(join(tmpdir(), 'tiers-'));
const env = {
  ...process.env,
  TZ: 'UTC',
  RESTIC_REPOSITORY: join(dir, 'repository'),
  RESTIC_PASSWORD: 'none',
  HOME: dir,
};
const restic = (...args: string[]) => execFileSync('restic', args, { env, cwd: dir, encoding: 'utf8' });
try {
  restic('init');
  writeFileSync(join(dir, 'file'), 'x');
  for (const { name } of backups) restic('backup', '-q', 'file', '--time', name.replace('T', ' '));
  let differences = 0;
  const told: object[] = [];
  for (const keep of keeps) {
    const flags = (['hourly', 'daily', 'weekly', 'monthly'] as const).flatMap((tier) => [
      `--keep-${tier}`,
      String(keep[tier]),
    ]);
    const answer = JSON.parse(restic('forget', '--dry-run', '--json', ...flags)) as { keep: { time: string }[] }[];
    const theirs = answer
      .flatMap((group) => group.keep.map(({ time }) => new Date(time).toISOString().slice(0, 19)))
      .sort();
    const ours = [...keptBy(backups, keep).keys()].sort();
    const different = [
      ...ours.filter((name) => !theirs.includes(name)),
      ...theirs.filter((name) => !ours.includes(name)),
    ];
    differences += different.length;
    told.push({ keep, kept: theirs });
    console.log(
      `${flags.join(' ')}: of ${backups.length} restic keeps ${theirs.length}, we ${ours.length}, different: ${different.join(', ') || 'none'}`,
    );
  }
  const file = process.argv[2];
  if (file !== undefined)
    writeFileSync(
      file,
      JSON.stringify({ restic: restic('version').trim(), backups: backups.map(({ name }) => name), told }),
    );
  process.exitCode = differences === 0 ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
