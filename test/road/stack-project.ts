import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { deployerKubeconfig } from './deployer.ts';
import { Kubectl } from './kubectl.ts';

interface List<T> {
  readonly items: readonly T[];
}

interface Workload {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } };
  };
}

export const stackNamespace = 'fragalysis-dev';
const deploy = join(repositoryRoot, 'examples/stack/deploy');

/** The TEST project of the example stack, set up as examples/README.md says: secrets, volumes, manifests, the deployer's account. */
export class StackProject {
  readonly kubectl: Kubectl;
  readonly #state: GroundState;

  private constructor(state: GroundState) {
    this.#state = state;
    this.kubectl = new Kubectl(state);
  }

  static async create(state: GroundState): Promise<StackProject> {
    const project = new StackProject(state);
    const { kubectl } = project;
    await kubectl.run(['apply', '--server-side', '-f', join(deploy, 'test/namespace.yaml')]);
    await kubectl.apply(...project.#secrets(), ...project.#volumes());
    await kubectl.run(['apply', '--server-side', '-k', join(deploy, 'first')]);
    await kubectl.run(['apply', '--server-side', '-n', stackNamespace, '-f', join(deploy, 'deployer.yaml')]);
    await kubectl.run(['-n', stackNamespace, 'rollout', 'status', 'statefulset/mysql', '--timeout=120s']);
    return project;
  }

  /** What the workflow gets as its secret `KUBECONFIG`. */
  deployer(): Promise<string> {
    return deployerKubeconfig(this.#state, this.kubectl, stackNamespace);
  }

  /** The page of the running stack, or why there is none. */
  async page(path: string): Promise<string> {
    const answer = await fetch(`${this.#state.pages.test}${path}`, { signal: AbortSignal.timeout(10_000) });
    return `${answer.status} ${await answer.text()}`;
  }

  /** The images of the three workloads that run the web image. */
  async images(): Promise<string[]> {
    const { items } = await this.kubectl.get<List<Workload>>(
      stackNamespace,
      'deployment,statefulset',
      '-l',
      'image=web',
    );
    return items.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image ?? 'none'));
  }

  /** What must never be printed: the values of the project's secrets, and the password of the registry. */
  async secretValues(): Promise<string[]> {
    const { items } = await this.kubectl.get<List<{ data: Record<string, string> }>>(stackNamespace, 'secret');
    const values = items.flatMap(({ data }) => [data['database-password'], data['database-root-password']]);
    const decoded = values.flatMap((value) => (value === undefined ? [] : [Buffer.from(value, 'base64').toString()]));
    return [...decoded, this.#state.registries.basic.password];
  }

  async remove(): Promise<void> {
    await this.kubectl.removeNamespace(stackNamespace);
    await this.kubectl.run(['delete', 'persistentvolume', '--ignore-not-found', ...this.#volumes().map(nameOf)]);
  }

  #secrets(): object[] {
    const password = () => randomBytes(18).toString('base64url');
    const database = {
      database: 'fragalysis',
      'database-user': 'fragalysis',
      'database-password': password(),
      'database-root-password': password(),
      'database-host': 'mysql',
      'database-port': '3306',
    };
    const logins = readFileSync(this.#state.registryLogins, 'utf8');
    return [
      secret('fs-mysql-secrets', 'Opaque', database),
      secret('fs-registry-secrets', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': logins }),
    ];
  }

  /** The example's volumes, in the run directory of the ground, which `down` removes. */
  #volumes(): object[] {
    const text = readFileSync(join(deploy, 'volumes.yaml'), 'utf8');
    const base = join(this.#state.directories.run, 'volumes');
    return parseAllDocuments(text.replaceAll('path: /srv/', `path: ${base}/`)).map((document) => {
      const volume = document.toJS() as { spec: { hostPath: { path: string } } };
      mkdirSync(volume.spec.hostPath.path, { recursive: true });
      // The pods run under another user.
      chmodSync(volume.spec.hostPath.path, 0o777);
      return volume;
    });
  }
}

function secret(name: string, type: string, stringData: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: stackNamespace }, type, stringData };
}

function nameOf(object: object): string {
  return (object as { metadata: { name: string } }).metadata.name;
}
