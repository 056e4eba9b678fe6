import { connectGitHub } from '@delivery/core/adapters/github';
import { startAction } from '@delivery/core/adapters/runner-step';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'answer-call',
  inputs,
  outputs,
  check,
  run: (given, context) => run(given, () => connectGitHub(given['github-token'], context.run), context),
});
