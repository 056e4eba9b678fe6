import type { GroundState } from '../ground/state.ts';

/** The environment of a runner on the ground that is logged in nowhere: the action's inputs have to do it. */
export function runnerEnvironment({ environment }: GroundState): Readonly<Record<string, string>> {
  const logins = ['DOCKER_CONFIG', 'REGISTRY_AUTH_FILE'];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !logins.includes(name)));
}
