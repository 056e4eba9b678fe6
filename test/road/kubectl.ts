import { run } from '../ground/commands.ts';
import type { GroundState } from '../ground/state.ts';

/** kubectl as the administrator of the ground's cluster. Secrets come by standard input, never as an argument. */
export class Kubectl {
  readonly #state: GroundState;

  constructor(state: GroundState) {
    this.#state = state;
  }

  run(args: readonly string[], input?: string): Promise<string> {
    const env = { ...process.env, KUBECONFIG: this.#state.cluster.kubeconfig };
    return run(this.#state.programs.kubectl, args, { env, ...(input !== undefined && { input }) });
  }

  /** Server-side apply of manifests: one object or a list of them. */
  async apply(...objects: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await this.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], list);
  }

  async get<T>(namespace: string, ...what: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(['-n', namespace, 'get', ...what, '-o', 'json'])) as T;
  }

  /** Removes a namespace and waits until it is gone. */
  async removeNamespace(namespace: string): Promise<void> {
    await this.run(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=90s']);
  }
}
