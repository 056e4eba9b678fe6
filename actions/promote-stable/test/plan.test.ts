import type { LedgerRecord } from '@delivery/core/domain/ledger';
import type { Candidate, Situation } from '../src/plan.ts';
import { planPromotion } from '../src/plan.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const record = (reason = ''): LedgerRecord => ({
  ...{ event: 'tested', verdict: 'success', at: new Date(0), by: 'ada', reason, digest: digest('f') },
  run: 'https://github.example.org/acme/stack/actions/runs/1',
});

const build = (number: number, more: Partial<Candidate> = {}): Candidate => ({
  number,
  digest: digest(String(number % 10)),
  versions: [],
  created: new Date(number * 1000),
  schemaVersion: undefined,
  ...more,
});

const situation = (more: Partial<Situation> = {}): Situation => ({
  chosen: build(412),
  test: { is: 'tested', record: record() },
  stable: build(405, { versions: ['2026.08.2'] }),
  known: [],
  isPrevious: false,
  version: '2026.08.3',
  versionInUse: undefined,
  requireTested: true,
  force: false,
  ...more,
});

describe('the plan of a promotion', () => {
  it.each([
    ['a newer build', situation(), 'forward'],
    ['the first of all', situation({ stable: undefined }), 'forward'],
    ['what is stable', situation({ chosen: build(405), stable: build(405) }), 'same'],
    ['what is stable under a second version', situation({ stable: build(412, { versions: ['1.0.0'] }) }), 'same'],
    ['an earlier build', situation({ chosen: build(399) }), 'rollback'],
    ['an older image without a number', situation({ chosen: build(1, { number: undefined }) }), 'rollback'],
  ])('of %s goes where it goes', (_, given, direction) => {
    expect(planPromotion(given)).toMatchObject({ do: 'promote', direction, version: '2026.08.3' });
  });

  it('takes the version that the build has when none is given, the highest of several', () => {
    const chosen = build(399, { versions: ['2026.08.10', '2026.08.9'] });
    expect(planPromotion(situation({ chosen, version: undefined }))).toMatchObject({ version: '2026.08.10' });
  });

  it.each<[string, Partial<Situation>, RegExp]>([
    ['without any version', { version: undefined }, /latest-412 has no version yet/],
    [
      'under a version in use for another digest',
      { versionInUse: digest('9') },
      /Version 2026\.08\.3 is in use for another digest, 999999999999; latest-412 is 222222222222/,
    ],
    ['of what never ran in TEST', { test: { is: 'untested' } }, /no record of it/],
    [
      'of what failed in TEST',
      { test: { is: 'failed', record: record('web failed (crash-loop)') } },
      /failed when it was last tried: web failed \(crash-loop\)/,
    ],
  ])('refuses a promotion %s', (_, given, reason) => {
    const plan = planPromotion(situation(given));
    expect(plan).toMatchObject({ do: 'refuse', reason: expect.stringMatching(reason) as string });
    expect(plan.do === 'refuse' && plan.next).toContain('Nothing was changed.');
  });

  it.each([
    ['8', '7', 'promote'],
    ['7', '7', 'promote'],
    [undefined, '7', 'promote'],
    ['0006_b', '0007_a', 'refuse'],
    ['6', '7', 'refuse'],
  ])('of a newer build with schema %s after schema %s: %s', (to, from, what) => {
    const given = { chosen: build(412, { schemaVersion: to }), stable: build(405, { schemaVersion: from }) };
    expect(planPromotion(situation(given)).do).toBe(what);
    expect(planPromotion(situation({ ...given, force: true })).do).toBe('promote');
  });

  it('takes the same version of the same digest: a re-run goes on', () => {
    expect(planPromotion(situation({ versionInUse: digest('2') }))).toMatchObject({ do: 'promote' });
  });

  it('takes what is untested when that is not required', () => {
    expect(planPromotion(situation({ test: { is: 'untested' }, requireTested: false }))).toMatchObject({
      do: 'promote',
    });
  });

  describe('of a rollback', () => {
    const back = (schemas: readonly [string | undefined, string | undefined], force = false) =>
      planPromotion(
        situation({
          chosen: build(399, { schemaVersion: schemas[0] }),
          stable: build(405, { schemaVersion: schemas[1] }),
          known: [
            build(402, { schemaVersion: '7' }),
            build(404, { schemaVersion: '8' }),
            build(390, { schemaVersion: '3' }),
          ],
          force,
        }),
      );

    it.each([
      [['6', '6'], 'No migrations lie in between: both have schema 6.'],
      [[undefined, '6'], 'is not known: the images carry no label schema.version'],
      [['6', undefined], 'is not known'],
    ] as const)('warns that the database stays, and what is known of migrations: %p', (schemas, said) => {
      const plan = back(schemas);
      expect(plan).toMatchObject({ do: 'promote', direction: 'rollback' });
      expect(plan.do === 'promote' && plan.warnings).toEqual([
        'The database does not roll back with the image.',
        expect.stringContaining(said),
      ]);
    });

    it('refuses to go behind a migration, and names those in between', () => {
      expect(back(['6', '8'])).toMatchObject({
        do: 'refuse',
        reason:
          'Its schema is 6, the database has 8; on the way: 8 (latest-405), 7 (latest-402), 6 (latest-399). The database does not roll back with the image.',
      });
      expect(back(['6', '8'], true)).toMatchObject({ do: 'promote', direction: 'rollback' });
    });

    it('is not to what was gone back from', () => {
      const given = { chosen: build(412), stable: build(405), isPrevious: true };
      expect(planPromotion(situation(given))).toMatchObject({
        do: 'refuse',
        reason: 'What was stable before, latest-412, is newer than latest-405: it was gone back from.',
      });
      expect(planPromotion(situation({ ...given, chosen: build(399) }))).toMatchObject({ do: 'promote' });
    });
  });
});
