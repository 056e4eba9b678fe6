import * as core from '@actions/core';
import type { commonInputs } from '../action/common-inputs.ts';
import type { InputSpec } from '../action/inputs.ts';
import type { RunContext } from '../action/run-context.ts';
import type { ActionDefinition, Step } from '../action/runtime.ts';
import { runAction } from '../action/runtime.ts';
import { CancelledError } from '../errors/errors.ts';
import { systemClock } from './clock.ts';
import { connectGitHub } from './github.ts';
import { runnerLog } from './runner-log.ts';

/** Runs an action as a step of GitHub's runner and ends the process with its exit code. Called by every main.ts, once. */
export async function startAction<Spec extends InputSpec & typeof commonInputs, Output extends string>(
  action: ActionDefinition<Spec, Output>,
): Promise<never> {
  // Open sockets must not keep a step alive that has said all it has to say.
  process.exit(await runAction(action, runnerStep(process.env)));
}

function runnerStep(env: NodeJS.ProcessEnv): Step {
  const run = readRunContext(env);
  return {
    log: runnerLog((text) => void process.stdout.write(text)),
    clock: systemClock,
    run,
    source: { get: (name) => core.getInput(name, { trimWhitespace: false }), mask },
    mask,
    cancelled: cancelledBySignal(),
    setOutput: (name, value) => core.setOutput(name, value),
    writeSummary: async (markdown) =>
      void (env['GITHUB_STEP_SUMMARY'] && (await core.summary.addRaw(markdown).write())),
    gitHub: (token) => connectGitHub(token, run),
  };
}

function mask(secret: string): void {
  if (secret !== '') core.setSecret(secret);
}

/** GitHub's runner sends SIGINT, then SIGTERM 7.5 s later; children get neither. */
function cancelledBySignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(new CancelledError('the run')));
  }
  return controller.signal;
}

function readRunContext(env: NodeJS.ProcessEnv): RunContext {
  const text = (name: string, fallback = '') => env[name] || fallback;
  const count = (name: string) => Number(env[name] ?? 0) || 0;
  return {
    repository: text('GITHUB_REPOSITORY'),
    sha: text('GITHUB_SHA'),
    ref: text('GITHUB_REF'),
    runId: count('GITHUB_RUN_ID'),
    runNumber: count('GITHUB_RUN_NUMBER'),
    runAttempt: count('GITHUB_RUN_ATTEMPT'),
    actor: text('GITHUB_ACTOR'),
    eventName: text('GITHUB_EVENT_NAME'),
    workflow: text('GITHUB_WORKFLOW'),
    serverUrl: text('GITHUB_SERVER_URL', 'https://github.com'),
    apiUrl: text('GITHUB_API_URL', 'https://api.github.com'),
  };
}
