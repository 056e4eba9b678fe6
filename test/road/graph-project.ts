import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { Kubectl } from './kubectl.ts';
import { pullSecret, secret } from './secret.ts';

const overlay = join(repositoryRoot, 'examples/stack/deploy/graph-1');

/** Graph 1 of the example, set up as docs/graph.md says: secrets, a volume, manifests. */
export class GraphProject {
  readonly namespace = 'fragalysis-graph-1';
  readonly kubectl: Kubectl;
  /** What Neo4j and whoever asks it get as NEO4J_AUTH. */
  readonly auth = `neo4j/${randomBytes(12).toString('base64url')}`;
  readonly #folder: string;

  private constructor(state: GroundState) {
    this.kubectl = new Kubectl(state);
    this.#folder = join(state.directories.run, 'volumes', this.namespace);
  }

  /** What an administrator makes before the manifests. */
  static async prepare(state: GroundState): Promise<GraphProject> {
    const project = new GraphProject(state);
    const namespace = join(repositoryRoot, 'deploy/projects/graph-1/namespace.yaml');
    await project.kubectl.run(['apply', '--server-side', '-f', namespace]);
    mkdirSync(join(project.#folder, 'graph'), { recursive: true });
    // The pod runs under another user.
    chmodSync(join(project.#folder, 'graph'), 0o777);
    const volume = readFileSync(join(overlay, 'volume.yaml'), 'utf8');
    const ofGround = volume.replace(`path: /srv/${project.namespace}`, `path: ${project.#folder}`);
    await project.kubectl.run(['apply', '--server-side', '-f', '-'], ofGround);
    await project.kubectl.apply(...graphSecrets(state, project.namespace, project.auth));
    return project;
  }

  /** Applies the manifests and gives what kubectl said; a warning of the API server is an error. */
  apply(): Promise<string> {
    return this.kubectl.run(['apply', '--server-side', '--warnings-as-errors', '-k', overlay]);
  }

  /** How what is there differs from the manifests; throws when it does. */
  diff(): Promise<string> {
    return this.kubectl.run(['diff', '--server-side', '-k', overlay]);
  }

  async ready(): Promise<void> {
    await this.#in('rollout', 'status', 'statefulset/graph', '--timeout=120s');
  }

  /** Waits for the load; gives what it printed. */
  async loaded(): Promise<string> {
    await this.#in('wait', 'job/load-example-graph', '--for=condition=complete', '--timeout=120s');
    return (await this.#in('logs', 'job/load-example-graph')).trim();
  }

  /** As docs/graph.md says. */
  async loadAgain(): Promise<string> {
    await this.#in('delete', 'job', 'load-example-graph');
    await this.apply();
    return this.loaded();
  }

  async restart(): Promise<void> {
    await this.#in('delete', 'pod', 'graph-0');
    await this.ready();
  }

  /** What a shell in Neo4j's pod prints. */
  shell(script: string): Promise<string> {
    return this.#in('exec', 'graph-0', '--', 'sh', '-c', script);
  }

  /** All that Neo4j has printed since its start. */
  log(): Promise<string> {
    return this.#in('logs', 'graph-0');
  }

  /** The one node carries graphs from now on, or the stack again. Pods that run already stay. */
  async labelNode(purpose: 'graph' | 'app'): Promise<void> {
    await this.kubectl.run(['label', 'nodes', '--all', '--overwrite', `purpose=${purpose}`]);
  }

  async remove(): Promise<void> {
    await this.kubectl.removeNamespace(this.namespace);
    await this.kubectl.run(['delete', 'persistentvolume', `${this.namespace}-graph`, '--ignore-not-found']);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #in(...args: readonly string[]): Promise<string> {
    return this.kubectl.run(['-n', this.namespace, ...args]);
  }
}

/** The secrets of whatever runs or asks a graph. */
export function graphSecrets(state: GroundState, namespace: string, auth: string): object[] {
  return [
    secret(namespace, 'fs-graph-secrets', { 'neo4j-auth': auth }),
    pullSecret(state, namespace, 'fs-registry-secrets'),
  ];
}
