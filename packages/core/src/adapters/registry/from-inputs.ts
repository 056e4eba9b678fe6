import { homedir } from 'node:os';
import type { registryInputs } from '../../action/common-inputs.ts';
import type { ActionContext } from '../../action/context.ts';
import type { InputsOf } from '../../action/inputs.ts';
import type { Topology } from '../../domain/topology.ts';
import type { Registry } from '../../ports/registry.ts';
import { runnerExec } from '../exec.ts';
import { connectRegistry } from './client.ts';
import { firstLogin, givenLogin, runnerLogins } from './credentials.ts';
import type { Access } from './token.ts';

/**
 * The registry as an action reaches it: by the login of its inputs, which is good for the hosts that delivery.yaml names and
 * no other, else by that of the runner.
 */
export function registryOfInputs(
  given: InputsOf<typeof registryInputs>,
  topology: Topology,
  { clock }: Pick<ActionContext, 'clock'>,
  access: Access,
): Registry {
  const { env } = process;
  const runner = runnerLogins({ env, home: homedir(), uid: process.getuid?.() ?? 0, exec: runnerExec });
  const login = {
    username: given['registry-username'],
    password: given['registry-password'],
    from: 'registry-password',
  };
  const hosts = Object.values(topology.images).flatMap(({ repository, promoted }) =>
    [repository, ...(promoted ? [promoted] : [])].map(({ host }) => host),
  );
  const credentials = login.username === '' ? runner : firstLogin(givenLogin(login, hosts), runner);
  return connectRegistry({ clock, credentials, access });
}
