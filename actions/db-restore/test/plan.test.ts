import type { Inputs } from '../src/inputs.ts';
import { planRestore, variablesOf } from '../src/plan.ts';
import { newProject } from '@delivery/testing/new-project';
import { having, site } from './projects.ts';

const { production, staging, test } = site;
const file = 'backup-2026-09-15T14:05:00Z-fragalysis.sql.zst';
const named = { kind: 'named', file } as const;
const latest = { kind: 'latest' } as const;

type Asked = Pick<Inputs, 'backup' | 'drill' | 'confirm'>;
const asked = (given: Partial<Asked> = {}): Asked => ({ backup: latest, drill: false, confirm: '', ...given });

describe('a restore into a project that is not production', () => {
  it('needs no confirmation, makes no backup, and masks what comes from production', () => {
    const plan = planRestore(asked(), { from: production, target: staging });
    expect(plan).toEqual({
      ...{ do: 'restore', backup: latest, drill: false, backUpFirst: false, warnings: [] },
      mask: { auth_user: { email: 'nobody@example.org', last_name: null } },
    });
  });

  it('takes a confirmation that nobody asked for', () => {
    expect(planRestore(asked({ confirm: 'production' }), { from: test, target: staging })).toMatchObject({
      do: 'restore',
    });
  });

  it('warns that nothing is masked of a production without masks, but not in a drill, which leaves nothing behind', () => {
    const from = newProject('production', { production: true, database: having.backup });
    const warnings = [expect.stringContaining('Nothing is masked')];
    expect(planRestore(asked(), { from, target: staging })).toMatchObject({ mask: {}, warnings });
    expect(planRestore(asked({ drill: true }), { from, target: staging })).toMatchObject({ warnings: [] });
    expect(planRestore(asked(), { from: test, target: staging })).toMatchObject({ warnings: [] });
  });

  it('may be of its own backup', () => {
    const own = newProject('test', { database: having.both });
    expect(planRestore(asked(), { from: own, target: own })).toMatchObject({ do: 'restore', backUpFirst: false });
  });
});

describe('a restore into production', () => {
  const aim = { from: production, target: production };

  it('is made when it is confirmed by name and of a named backup: unmasked, and after a backup of what is there', () => {
    expect(planRestore(asked({ backup: named, confirm: 'production' }), aim)).toEqual({
      ...{ do: 'restore', backup: named, drill: false, backUpFirst: true, mask: {}, warnings: [] },
    });
  });

  it.each(['', 'Production', 'production ', 'staging', 'true'])('is refused when confirm is %j', (confirm) => {
    const plan = planRestore(asked({ backup: named, confirm }), aim);
    expect(plan).toMatchObject({ do: 'refuse', reason: expect.stringContaining('confirm is') });
    const { next } = plan as { next: string };
    expect(next).toContain(`${file} of production would replace its database`);
    expect(next).toContain('give confirm: production');
  });

  it('is refused of the latest, which is soon one of what is to be undone', () => {
    const plan = planRestore(asked({ confirm: 'production' }), aim);
    expect(plan).toMatchObject({ do: 'refuse', reason: expect.stringContaining('backup is latest') });
    expect((plan as { next: string }).next).toContain('backup: list');
  });

  it('is refused where what is there cannot be backed up', () => {
    const target = newProject('production', { production: true, database: having.restore });
    const plan = planRestore(asked({ backup: named, confirm: 'production' }), { from: test, target });
    expect(plan).toMatchObject({ do: 'refuse', reason: expect.stringContaining('no database.backup') });
  });

  it('is refused with all that speaks against it at once', () => {
    const target = newProject('production', { production: true, database: having.restore });
    const { reason } = planRestore(asked(), { from: test, target }) as { reason: string };
    expect(reason.split(';')).toHaveLength(3);
  });
});

describe('a drill', () => {
  it('needs no confirmation, and masks as the restore would', () => {
    const plan = planRestore(asked({ drill: true }), { from: production, target: staging });
    expect(plan).toMatchObject({ do: 'restore', drill: true, mask: { auth_user: expect.anything() } });
  });

  it('is not made on the server of production, confirmed or not', () => {
    for (const confirm of ['', 'production']) {
      const plan = planRestore(asked({ drill: true, confirm }), { from: production, target: production });
      expect(plan).toMatchObject({
        do: 'refuse',
        reason: expect.stringContaining('A drill is not made in production'),
      });
    }
  });
});

describe('a list', () => {
  it('may be asked for everywhere, production included', () => {
    const plan = planRestore(asked({ backup: { kind: 'list' } }), { from: production, target: production });
    expect(plan).toEqual({ do: 'list' });
  });
});

describe('the variables of the program', () => {
  const aim = { from: production, target: staging };
  const variables = (given: Partial<Asked>) => {
    const plan = planRestore(asked(given), aim);
    if (plan.do === 'refuse') throw new Error(plan.reason);
    return variablesOf(aim, plan);
  };

  it('say what is restored, and what is masked', () => {
    expect(variables({ backup: named })).toEqual({
      ...{ RESTORE_FROM: 'production', RESTORE_BACKUP: file, RESTORE_DRILL: 'false' },
      RESTORE_MASK: '{"auth_user":{"email":"nobody@example.org","last_name":null}}',
    });
  });

  it('ask for the newest, a drill, a list', () => {
    expect(variables({ drill: true })).toMatchObject({ RESTORE_BACKUP: 'latest', RESTORE_DRILL: 'true' });
    expect(variables({ backup: { kind: 'list' } })).toEqual({
      ...{ RESTORE_FROM: 'production', RESTORE_BACKUP: 'list', RESTORE_DRILL: 'false' },
      RESTORE_MASK: '',
    });
  });
});
