import { runnerExec } from '@delivery/core/adapters/exec';
import { readDeliveryFile, workspaceOf } from '@delivery/core/adapters/delivery-file';
import { registryOfInputs } from '@delivery/core/adapters/registry/from-inputs';
import { startAction } from '@delivery/core/adapters/runner-step';
import { homedir, tmpdir } from 'node:os';
import { runnerBuilders } from './adapters/builders.ts';
import { readLogin } from './adapters/login.ts';
import { check, inputs, outputs } from './inputs.ts';
import { run } from './run.ts';

await startAction({
  name: 'build-and-tag',
  inputs,
  outputs,
  check,
  async run(given, context) {
    const { env } = process;
    const workspace = workspaceOf(env);
    const topology = await readDeliveryFile(workspace, given.config);
    const login = readLogin(given, context.mask);
    const registry = registryOfInputs(given, topology, context, 'pull,push');
    const builders = runnerBuilders({
      exec: runnerExec,
      env,
      home: homedir(),
      log: context.log,
      workspace,
      temp: env['RUNNER_TEMP'] || tmpdir(),
      login,
    });
    return run(given, { topology, registry, builders }, context);
  },
});
