import { runnerExec } from '@delivery/core/adapters/exec';
import { readDeliveryFile } from '@delivery/core/adapters/delivery-file';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import { firstLogin, givenLogin, runnerLogins } from '@delivery/core/adapters/registry/credentials';
import { startAction } from '@delivery/core/adapters/runner-step';
import { homedir, tmpdir, userInfo } from 'node:os';
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
    const runner = { exec: runnerExec, env, home: homedir(), uid: userInfo().uid };
    const workspace = env['GITHUB_WORKSPACE'] || process.cwd();
    const topology = await readDeliveryFile(workspace, given.config);
    const login = readLogin(given, context.mask);
    const host = topology.images[given.image]?.repository.host;
    const own = login && host !== undefined ? [givenLogin({ ...login, from: 'registry-username' }, [host])] : [];
    const credentials = firstLogin(...own, runnerLogins(runner));
    const registry = connectRegistry({ clock: context.clock, credentials, access: 'pull,push' });
    const builders = runnerBuilders({
      ...runner,
      log: context.log,
      workspace,
      temp: env['RUNNER_TEMP'] || tmpdir(),
      login,
    });
    return run(given, { topology, registry, builders }, context);
  },
});
