import { createdLabel, revisionLabel } from '@delivery/core/domain/build';
import type { Situation } from '../src/plan.ts';
import { planBuild } from '../src/plan.ts';
import { commitA, commitB } from './fakes.ts';

const digest = `sha256:${'1'.repeat(64)}` as const;
const build = (
  number: number | undefined,
  labels: Record<string, string> = {},
): NonNullable<Situation['existing']> => ({
  digest,
  number,
  labels,
});
const situation: Situation = {
  number: 12,
  choice: 'run',
  commit: commitA,
  runNumber: 12,
  highest: 0,
  existing: undefined,
};

describe('the plan of a build', () => {
  it.each([
    ['nothing is there', 0],
    ['lower numbers are there', 11],
  ])('is to build when %s', (_, highest) => {
    expect(planBuild({ ...situation, highest })).toEqual({ kind: 'build', number: 12, warning: undefined });
  });

  it('is to build a lower number too, with a warning that says how the longer sequence goes on', () => {
    const plan = planBuild({ ...situation, highest: 500 });
    expect(plan).toMatchObject({ kind: 'build', number: 12 });
    expect(plan).toHaveProperty(
      'warning',
      expect.stringMatching(/latest stays.*set build-number-offset to 489 \(this is run 12\)/),
    );
  });

  it('is to reuse what the same commit has built under this number', () => {
    const existing = build(12, { [revisionLabel]: commitA });
    expect(planBuild({ ...situation, highest: 300, existing })).toEqual({ kind: 'reuse', number: 12, digest });
  });

  it.each([
    [
      'another commit',
      build(12, { [revisionLabel]: commitB, [createdLabel]: '2026-09-14T08:00:00Z' }),
      `commit ${commitB} on 2026-09-14T08:00:00Z`,
    ],
    ['no commit at all', build(12), 'a commit that it does not name'],
    ['a commit that is none', build(12, { [revisionLabel]: '::error::x' }), 'a commit that it does not name'],
    ['a date that is none', build(12, { [revisionLabel]: commitB, [createdLabel]: 'now\n' }), `commit ${commitB}.`],
    ['the same commit as another build', build(11, { [revisionLabel]: commitA }), 'calls itself build 11'],
    ['the same commit without a number', build(undefined, { [revisionLabel]: commitA }), 'calls itself no build'],
  ])('is to refuse a number that is taken by %s', (_, existing, owner) => {
    const plan = planBuild({ ...situation, highest: 20, existing });
    expect(plan).toMatchObject({ kind: 'refuse', reason: expect.stringContaining(owner) });
    expect(plan).toHaveProperty(
      'hint',
      'The next free number is 21: set build-number-offset to 9 (this is run 12), or build-number to next.',
    );
  });

  it('names the next free number where the number was given', () => {
    const existing = build(12, { [revisionLabel]: commitB });
    expect(planBuild({ ...situation, choice: 'given', highest: 12, existing })).toMatchObject({
      hint: 'The next free number is 13: give build-number 13, or next.',
    });
  });
});
