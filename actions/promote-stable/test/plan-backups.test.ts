import { announced } from '../src/back-up-first.ts';
import type { BackupPlan } from '../src/plan-backups.ts';
import { planBackups } from '../src/plan-backups.ts';
import { projectOf } from './projects.ts';

const production = projectOf('production', true);
const ric = projectOf('ric');

describe('a promotion', () => {
  it('backs up nothing by itself', () => {
    expect(planBackups('auto', 'forward', [production])).toMatchObject({ do: 'back-up', projects: [] });
    expect(planBackups('auto', 'same', [production])).toMatchObject({ projects: [] });
  });

  it('backs up every project that it reaches and that has a backup when that is asked for', () => {
    expect(planBackups('true', 'forward', [production, ric])).toEqual({
      ...{ do: 'back-up', projects: [production], without: [ric] },
    });
  });

  it('is refused when a backup is asked for and nothing can be backed up', () => {
    const plan = planBackups('true', 'forward', [ric]);
    expect(plan).toMatchObject({ do: 'refuse', reason: expect.stringContaining('no database.backup for ric') });
    expect(planBackups('true', 'forward', [])).toMatchObject({ do: 'refuse' });
  });
});

describe('a rollback', () => {
  it('backs up by itself, unless that is turned off', () => {
    expect(planBackups('auto', 'rollback', [production, ric])).toMatchObject({ projects: [production] });
    expect(planBackups('false', 'rollback', [production])).toMatchObject({ projects: [] });
  });

  it('is not refused where nothing can be backed up and nobody asked for it', () => {
    const plan = planBackups('auto', 'rollback', [ric]);
    expect(plan).toEqual({ do: 'back-up', projects: [], without: [ric] });
    expect(announced(plan as BackupPlan)).toEqual([
      { kind: 'text', text: 'Nothing is backed up before. Not ric: delivery.yaml has no database.backup there.' },
    ]);
    expect(planBackups('false', 'rollback', [ric])).toMatchObject({ without: [] });
    expect(planBackups('auto', 'forward', [ric])).toMatchObject({ without: [] });
  });
});
