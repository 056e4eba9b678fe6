import { planRetention } from '../../src/domain/retention.ts';
import { ownerOfTag } from '../../src/domain/retention-inventory.ts';
import { describeGo, describeKeep } from '../../src/domain/retention-reasons.ts';
import { digest, InventoryBuilder, rule } from './inventories.ts';

// A Friday; with five working days the window begins on Monday the 14th.
const now = new Date('2026-09-18T12:00:00Z');
const old = (day: number) => new Date(Date.UTC(2026, 5, day));

let stage: InventoryBuilder;
beforeEach(() => {
  stage = new InventoryBuilder();
});

const plan = (given: Partial<typeof rule> = {}) => planRetention(stage.inventory(), { ...rule, ...given }, now);
const only = { workingDays: 0, atLeast: 0 };
const gone = (given: Partial<typeof rule> = {}) =>
  plan(given)
    .builds.filter(({ keep }) => !keep)
    .map(({ number }) => number)
    .sort((a, b) => a - b);
const reasons = (given: Partial<typeof rule> = {}) =>
  Object.fromEntries(
    plan(given).builds.map(({ number, because, keep }) => [number, keep ? describeKeep(because) : because.is]),
  );
const removed = (given: Partial<typeof rule> = {}) =>
  plan(given).removals.flatMap(({ digest: of, tags, withManifest }) => [...tags, ...(withManifest ? [of] : [])]);

it('keeps 10 of 15 builds, and the one that is stable and runs', () => {
  for (let number = 1; number <= 15; number += 1) stage.build(number, old(number));
  stage.tags.set('latest', digest('build-15'));
  stage.stable = digest('build-3');
  stage.running.set(digest('build-3'), 'Deployment prod/web of project production');
  expect(gone()).toEqual([1, 2, 4, 5]);
  expect(reasons()).toMatchObject({
    1: 'expired',
    3: 'runs in Deployment prod/web of project production',
    6: 'is among the newest 10',
    15: 'has the tag latest',
  });
});

describe('a build is kept', () => {
  it('when its day lies in the window, weekends inside it included', () => {
    stage.build(1, '2026-09-13T23:59:59.999Z');
    stage.build(2, '2026-09-14T00:00:00Z');
    stage.build(3, '2026-09-18T11:59:59Z');
    expect(gone({ atLeast: 0 })).toEqual([1]);
    expect(gone({ atLeast: 0, workingDays: 6 })).toEqual([]);
    expect(gone({ atLeast: 0, timeZone: 'Pacific/Kiritimati' })).toEqual([]);
    expect(gone({ atLeast: 0, timeZone: 'America/New_York' })).toEqual([1, 2]);
    expect(gone({ atLeast: 0, timeZone: 'America/New_York', holidays: ['2026-09-16'] })).toEqual([]);
  });

  it('among the newest by time, those of one time by number, one without a time after all others', () => {
    stage.build(9, undefined);
    for (const number of [3, 7, 5]) stage.build(number, old(1));
    stage.build(1, old(2));
    expect(gone({ workingDays: 0, atLeast: 3 })).toEqual([3]);
    expect(reasons({ workingDays: 0, atLeast: 3 })).toMatchObject({ 9: 'has no date', 5: 'is among the newest 3' });
    expect(plan().builds.map(({ number }) => number)).toEqual([1, 7, 5, 3, 9]);
  });

  it('when it is dated in the future or not dated', () => {
    stage.build(1, '2026-09-18T12:00:00.001Z');
    stage.build(2, undefined);
    stage.build(3, '2026-09-18T12:00:00Z');
    expect(reasons(only)).toEqual({ 1: 'is dated in the future', 2: 'has no date', 3: 'expired' });
  });

  it('when it was promoted within the last so many different ones', () => {
    for (const number of [1, 2, 3]) stage.build(number, old(number));
    stage.promoted = [digest('build-3'), digest('pruned'), digest('build-1'), digest('build-2')];
    expect(gone({ ...only, keepPromoted: 3 })).toEqual([2]);
    expect(gone({ ...only, keepPromoted: 0 })).toEqual([1, 2, 3]);
    expect(reasons({ ...only, keepPromoted: 3 })).toMatchObject({
      3: 'was promoted last',
      1: 'is number 3 of those promoted last',
    });
  });

  it('when it is a version', () => {
    stage.versions.set(stage.build(1, old(1)), '2026.08.3');
    expect(reasons(only)).toEqual({ 1: 'is version 2026.08.3' });
  });

  it('when it has any tag but its own latest-N', () => {
    stage.tags.set('release', stage.build(1, old(1)));
    stage.tags.set('latest-3', stage.build(2, old(2)));
    stage.build(4, old(4), { number: 5 });
    stage.build(6, old(6), { number: undefined });
    expect(reasons(only)).toEqual({
      1: 'has the tag release',
      3: 'has the tag latest-3 of another build',
      4: 'has the tag latest-4 of another build',
      6: 'expired',
    });
    expect(plan(only).builds.find(({ number }) => number === 3)?.tags).toEqual(['latest-2', 'latest-3']);
  });

  it('when what runs is one platform of it, or its config', () => {
    const nested = stage.put(digest('nested'), { children: [digest('arm64')] });
    stage.build(1, old(1), { children: [digest('amd64'), nested] });
    stage.build(2, old(2), { config: digest('config') });
    stage.build(3, old(3), { children: [digest('s390x')] });
    stage.running.set(digest('arm64'), 'pod a');
    stage.running.set(digest('config'), 'pod b');
    expect(reasons(only)).toEqual({ 1: 'runs in pod a', 2: 'runs in pod b', 3: 'expired' });
  });

  it('when it is a child or the subject of something that stays', () => {
    const [child, subject] = [stage.build(1, old(1)), stage.build(2, old(2))];
    stage.build(3, undefined, { children: [child] });
    stage.tags.set('sbom', stage.put(digest('sbom'), { subject }));
    expect(reasons(only)).toMatchObject({
      1: expect.stringMatching(/^is listed by [0-9a-f]{12}, which stays$/) as string,
      2: expect.stringMatching(/^is the subject of [0-9a-f]{12}, which stays$/) as string,
    });
    expect(removed(only)).toEqual([]);
  });
});

describe('what belongs to an image', () => {
  it('goes with it: children, referrers and theirs, the tags named after it', () => {
    const children = [digest('amd64'), digest('attestation')];
    const image = stage.build(1, old(1), { children });
    const record = stage.put(digest('record'), { subject: image });
    const signature = stage.put(digest('signature of the record'), { subject: record });
    const list = stage.named(image, '', { children: [record] });
    const ofChild = stage.named(digest('amd64'), '.sig');
    expect(removed(only)).toEqual([
      ...['latest-1', image],
      ...[digest('amd64'), `${tagOf(digest('amd64'))}.sig`, ofChild],
      digest('attestation'),
      ...[tagOf(image), list, record, signature],
    ]);
  });

  it('stays as long as it stays', () => {
    const image = stage.build(1, undefined, { children: [digest('amd64')] });
    stage.named(image, '', { children: [stage.put(digest('record'), { subject: image })] });
    stage.named(digest('amd64'), '.att');
    expect(removed(only)).toEqual([]);
  });

  it('stays where another image has it too: then only the tag goes', () => {
    const [first, second] = [stage.build(1, old(1), { children: [digest('x')] }), stage.build(2, undefined)];
    const list = stage.named(first, '.sbom');
    stage.tags.set(`${tagOf(second)}.sbom`, list);
    stage.put(second, { children: [digest('x')] });
    expect(removed(only)).toEqual(['latest-1', first, `${tagOf(first)}.sbom`]);
  });

  it('goes after the last image that has it', () => {
    const shared = digest('shared');
    const images = [1, 2].map((number) => stage.build(number, old(number), { children: [shared] }));
    expect(removed(only)).toEqual(['latest-1', images[0], 'latest-2', images[1], shared]);
  });

  it('is not touched where the image is not known here', () => {
    const record = stage.put(digest('record'));
    stage.named(digest('of another repository'), '.sig');
    stage.named(digest('of another repository'), '', { children: [record] });
    stage.tags.set(`${tagOf(digest('build-1'))}.other`, digest('foreign'));
    stage.build(1, old(1));
    expect(removed(only)).toEqual(['latest-1', digest('build-1')]);
  });
});

describe('what an earlier run left over', () => {
  it('goes first of all, with what belonged to an image that is gone', () => {
    const image = digest('gone image');
    stage.leftovers.add(image).add(digest('child'));
    stage.gone.add(image);
    const signature = stage.named(image, '.sig');
    const record = stage.put(digest('record'), { subject: image });
    const plan = planRetention(stage.inventory(), { ...rule, ...only }, now);
    expect(plan.removals.filter(({ withManifest }) => withManifest).map((removal) => removal.digest)).toEqual([
      signature,
      record,
      digest('child'),
    ]);
    expect(plan.verdicts.get(digest('child'))).toEqual({ keep: false, because: { is: 'leftover' } });
    expect(describeGo({ is: 'leftover' })).toBe('was left over by an earlier run');
  });

  it('stays when something needs it by now', () => {
    for (const name of ['child', 'runs', 'tagged', 'promoted']) stage.leftovers.add(digest(name));
    stage.build(1, undefined, { children: [digest('child')] });
    stage.running.set(digest('runs'), 'pod a');
    stage.tags.set('keep', stage.put(digest('tagged')));
    stage.promoted = [digest('promoted')];
    expect(removed(only)).toEqual([]);
  });
});

it('takes from a list of referrers only what says itself that it refers to the image', () => {
  const [kept, going] = [stage.build(2, new Date()), stage.build(1, '2020-01-01T00:00:00Z')];
  const own = stage.put(digest('own'), { subject: going });
  const others = [
    stage.put(digest('of the kept one'), { subject: kept }),
    stage.put(digest('of an unknown one'), { subject: digest('unknown') }),
    stage.put(digest('of none')),
    digest('not read'),
  ];
  const list = stage.named(going, '', { children: [own, ...others] });
  const { removals } = planRetention(stage.inventory(), { ...rule, workingDays: 0, atLeast: 1 }, new Date());
  expect(removals.map((removal) => removal.digest)).toEqual([going, list, own]);
});

it('leaves alone what would have to go before itself', () => {
  const [parent, child] = [digest('parent'), digest('child')];
  stage.leftovers.add(parent).add(child);
  stage.put(parent, { children: [child] });
  stage.put(child);
  stage.tags.set(tagOf(child), parent);
  expect(removed(only)).toEqual([]);
});

it.each([
  [`sha256-${'a'.repeat(64)}`, true],
  [`sha256-${'a'.repeat(64)}.sig`, true],
  [`sha256-${'a'.repeat(64)}.att`, true],
  [`sha256-${'a'.repeat(64)}.sbom`, true],
  [`sha256-${'a'.repeat(64)}.cosign`, false],
  [`sha256-${'a'.repeat(63)}`, false],
  [`sha256-${'A'.repeat(64)}`, false],
  [`sha512-${'a'.repeat(64)}`, false],
  ['latest-1', false],
])('the tag %s is named after an image: %s', (tag, expected) => {
  expect(ownerOfTag(tag) === `sha256:${'a'.repeat(64)}`).toBe(expected);
});

function tagOf(of: string): string {
  return of.replace(':', '-');
}
