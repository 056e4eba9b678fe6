import { startAction } from '@delivery/core/adapters/runner-step';
import { connectWorkflowRuns } from '@delivery/core/adapters/workflow-runs';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'dispatch',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const runs = connectWorkflowRuns(given['github-token'], context.run.apiUrl, given.repository);
    return run(given, runs, context);
  },
});
