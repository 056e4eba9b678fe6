import type { RunContext } from '@delivery/core/action/run-context';
import { readBuild } from '@delivery/core/action/resolve-build';
import type { BuildNumber } from '@delivery/core/domain/build';
import { buildNumbers, buildTag, parseBuildNumber, revisionLabel } from '@delivery/core/domain/build';
import type { Repository } from '@delivery/core/domain/image-reference';
import { InputError } from '@delivery/core/errors/errors';
import type { Registry } from '@delivery/core/ports/registry';
import type { Inputs } from './inputs.ts';
import type { Situation } from './plan.ts';

/** How far back a re-run with `next` looks for the number that its commit has already. */
const searched = 20;

/** Looks at the registry: which number it is to be, and what stands under it. Changes nothing. */
export async function observe(
  inputs: Pick<Inputs, 'build-number' | 'build-number-offset'>,
  run: RunContext,
  repository: Repository,
  registry: Registry,
  signal: AbortSignal,
): Promise<Situation> {
  const choice = inputs['build-number'];
  const numbers = buildNumbers(await registry.listTags(repository, signal));
  const highest = numbers[0] ?? 0;
  const number = await chooseNumber();
  const existing = await readBuild(buildTag(number), repository, registry, signal);
  return { number, choice: choice.kind, commit: run.sha, runNumber: run.runNumber, highest, existing };

  async function chooseNumber(): Promise<BuildNumber> {
    switch (choice.kind) {
      case 'given':
        return choice.number;
      case 'run':
        return numberOfRun(run, inputs['build-number-offset']);
      case 'next':
        return (run.runAttempt > 1 ? await numberOfCommit() : undefined) ?? highest + 1;
    }
  }

  async function numberOfCommit(): Promise<BuildNumber | undefined> {
    for (const candidate of numbers.slice(0, searched)) {
      const build = await readBuild(buildTag(candidate), repository, registry, signal);
      if (build?.number === candidate && build.labels[revisionLabel] === run.sha) return candidate;
    }
    return undefined;
  }
}

function numberOfRun({ runNumber }: RunContext, offset: number): BuildNumber {
  const number = parseBuildNumber(String(runNumber + offset));
  if (number !== undefined) return number;
  const message =
    runNumber < 1
      ? 'is needed: the run has no number of its own (GITHUB_RUN_NUMBER)'
      : `the run's number ${runNumber} and build-number-offset ${offset} make more than 999999999`;
  throw new InputError([{ field: 'build-number', message }]);
}
