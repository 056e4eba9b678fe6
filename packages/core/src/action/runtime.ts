import { ActionError, CancelledError, InputError } from '../errors/errors.ts';
import type { GitHub } from '../ports/github.ts';
import type { commonInputs } from './common-inputs.ts';
import type { ActionContext } from './context.ts';
import type { InputsOf, InputSource, InputSpec } from './inputs.ts';
import { readInputs } from './inputs.ts';
import { codeBlock, renderSummary } from './markdown.ts';
import type { Outcome, OutputValue } from './outcome.ts';
import { oneLine } from '../domain/printable.ts';
import type { Problem } from '../errors/errors.ts';

/** What an action is made of; `inputs` hold the common ones, `outputs` name `result`. */
export interface ActionDefinition<Spec extends InputSpec & typeof commonInputs, Output extends string> {
  readonly name: string;
  readonly inputs: Spec;
  readonly outputs: readonly Output[];
  /** Whether inputs that are right by themselves fit together. */
  readonly check?: (inputs: InputsOf<Spec>) => readonly Problem[];
  run(inputs: InputsOf<Spec>, context: ActionContext): Promise<Outcome<Output>>;
}

/** The step as the runner sees it. */
export interface Step extends Omit<ActionContext, 'signal'> {
  readonly source: InputSource;
  /** Aborted with a CancelledError when the workflow is cancelled. */
  readonly cancelled: AbortSignal;
  setOutput(name: string, value: string): void;
  writeSummary(markdown: string): Promise<void>;
  gitHub(token: string): GitHub;
}

/** How long an action may take to stop after a cancel: GitHub's runner sends SIGTERM after 7.5 s and kills 2.5 s later. */
export const stopWithinMs = 6_500;

/**
 * Runs an action from reading its inputs to its last line, whatever happens in between. Gives the exit code of the step:
 * 1 for failure, and for unstable where `unstable-is: failure`; else 0. Never throws.
 */
export async function runAction<Spec extends InputSpec & typeof commonInputs, Output extends string>(
  action: ActionDefinition<Spec, Output>,
  step: Step,
): Promise<number> {
  let inputs: InputsOf<Spec> | undefined;
  let outcome: Outcome<string>;
  try {
    inputs = readInputs(action.inputs, step.source, action.check);
    outcome = await stopInTime(action.run(inputs, contextOf(step)), step);
  } catch (error) {
    outcome = outcomeOfError(error, step);
  }
  return report(action, inputs, outcome, step);
}

type CommonValues = InputsOf<typeof commonInputs>;

function contextOf({ log, clock, run, mask, cancelled }: Step): ActionContext {
  return { log, clock, run, mask, signal: cancelled };
}

async function report(
  action: Pick<ActionDefinition<InputSpec & typeof commonInputs, string>, 'name' | 'outputs'>,
  inputs: CommonValues | undefined,
  outcome: Outcome<string>,
  step: Step,
): Promise<number> {
  const outputs: Readonly<Partial<Record<string, OutputValue>>> = { ...outcome.outputs, result: outcome.result };
  for (const name of action.outputs) step.setOutput(name, textOf(outputs[name]));
  const sentence = oneLine([outcome.reason, outcome.next ?? ''].map(withFullStop).join(' '), 2_000);
  if (outcome.result === 'failure') step.log.error(`${action.name}: ${sentence}`);
  else if (outcome.result === 'unstable') step.log.warning(`${action.name} is unstable: ${sentence}`);
  else step.log.info(`${action.name}: ${outcome.result}. ${sentence}`);
  if (inputs?.summary ?? true) await step.writeSummary(renderSummary(action.name, outcome));
  if (outcome.result === 'unstable' && inputs?.['neutral-check'])
    await makeNeutralCheck(action.name, inputs, outcome, step);
  return outcome.result === 'failure' || (outcome.result === 'unstable' && inputs?.['unstable-is'] === 'failure')
    ? 1
    : 0;
}

function withFullStop(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}

function textOf(value: OutputValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function makeNeutralCheck(
  name: string,
  inputs: CommonValues,
  outcome: Outcome<string>,
  step: Step,
): Promise<void> {
  const token = inputs['github-token'];
  try {
    if (token === '') throw new ActionError('input', 'neutral-check needs github-token');
    const check = {
      name,
      sha: step.run.sha,
      title: oneLine(outcome.reason, 200),
      summary: renderSummary(name, outcome),
    };
    await step.gitHub(token).createNeutralCheck(check, step.cancelled);
  } catch (error) {
    step.log.warning(`The neutral check was not made: ${outcomeOfError(error, step).reason}`);
  }
}

/** The run's own end, or, when it does not stop in time after a cancel, an error that says so. */
function stopInTime<T>(run: Promise<T>, { cancelled, clock }: Step): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const expire = () =>
      void clock
        .sleep(stopWithinMs, new AbortController().signal)
        .then(() => reject(new CancelledError('the run, which did not stop in time')));
    if (cancelled.aborted) expire();
    else cancelled.addEventListener('abort', expire, { once: true });
  });
  return Promise.race([run, late]);
}

const ownMistakes = [TypeError, RangeError, ReferenceError, SyntaxError];

/** Whatever was thrown, as one sentence that says what went wrong and, where known, what to do. */
function outcomeOfError(error: unknown, { log }: Pick<Step, 'log'>): Outcome<string> {
  if (error instanceof InputError) {
    for (const problem of error.problems) if (problem.at) log.error(`${problem.field}: ${problem.message}`, problem.at);
    const lines = error.message.split('\n');
    const count = lines.length === 1 ? 'One thing is' : `${lines.length} things are`;
    return failure(`${count} wrong with what was given: ${lines.join('; ')}`, error.hint, [
      { kind: 'lines', title: 'What is wrong', lines },
    ]);
  }
  if (error instanceof ActionError) return failure(error.message, error.hint, [codeBlock(error.code)]);
  // A text that somebody else's error carries may hold headers or bodies: only what the language itself says is shown.
  const known = ownMistakes.some((kind) => error instanceof kind) ? `: ${oneLine((error as Error).message)}` : '';
  const name = error instanceof Error ? error.name : typeof error;
  if (error instanceof Error)
    log.debug(
      (error.stack ?? '')
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .join('\n'),
    );
  return failure(
    `An unexpected ${name} was thrown${known}.`,
    'This is a fault of the suite: run again with debug logging (ACTIONS_STEP_DEBUG) and report the place it names.',
  );
}

function failure(reason: string, next?: string, summary: Outcome<string>['summary'] = []): Outcome<string> {
  return { result: 'failure', reason, ...(next !== undefined && { next }), outputs: {}, summary };
}
