import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { deployerKubeconfig } from './deployer.ts';
import { DjangoData } from './django-data.ts';
import { Kubectl } from './kubectl.ts';

interface List<T> {
  readonly items: readonly T[];
}

interface Workload {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } };
  };
}

/** The projects of the example's delivery.yaml. */
export const stackNamespaces = {
  test: 'fragalysis-dev',
  production: 'fragalysis-prod',
  ric: 'fragalysis-ric',
} as const;

export type StackProjectName = keyof typeof stackNamespaces;

export const stackNamespace = stackNamespaces.test;
const deploy = join(repositoryRoot, 'examples/stack/deploy');

/** A project of the example stack, set up as examples/README.md says: secrets, volumes, manifests, the deployer's account. */
export class StackProject {
  readonly name: StackProjectName;
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly data: DjangoData;
  readonly #state: GroundState;

  private constructor(state: GroundState, name: StackProjectName) {
    this.#state = state;
    this.name = name;
    this.namespace = stackNamespaces[name];
    this.kubectl = new Kubectl(state);
    this.data = new DjangoData(state);
  }

  /** TEST gets its first image by a delivery. The others run build 1 of it, which has to be there, until something is promoted. */
  static async create(state: GroundState, name: StackProjectName = 'test'): Promise<StackProject> {
    const project = new StackProject(state, name);
    const { kubectl, namespace } = project;
    await kubectl.run(['apply', '--server-side', '-f', join(deploy, name, 'namespace.yaml')]);
    await kubectl.apply(...project.#secrets(), ...project.#volumes());
    await kubectl.run(['apply', '--server-side', '-k', join(deploy, 'first', name)]);
    await kubectl.run(['apply', '--server-side', '-n', namespace, '-f', join(deploy, 'deployer.yaml')]);
    await project.#rolledOut('statefulset/mysql');
    if (name !== 'test') await project.#rolledOut('deployment/web');
    return project;
  }

  /** What the workflow gets as its secret `KUBECONFIG`. The account of TEST is good for every project. */
  deployer(): Promise<string> {
    return deployerKubeconfig(this.#state, this.kubectl, this.namespace);
  }

  /** The page of the running stack, or why there is none. */
  async page(path: string): Promise<string> {
    const answer = await fetch(`${this.#state.pages[this.name]}${path}`, { signal: AbortSignal.timeout(10_000) });
    return `${answer.status} ${await answer.text()}`;
  }

  /** The images of the three workloads that run the web image. */
  async images(): Promise<string[]> {
    const { items } = await this.kubectl.get<List<Workload>>(
      this.namespace,
      'deployment,statefulset',
      '-l',
      'image=web',
    );
    return items.flatMap(({ spec }) => spec.template.spec.containers.map(({ image }) => image ?? 'none'));
  }

  /** What must never be printed: the values of the project's secrets, and the password of the registry. */
  async secretValues(): Promise<string[]> {
    const { items } = await this.kubectl.get<List<{ data: Record<string, string> }>>(this.namespace, 'secret');
    const values = items.flatMap(({ data }) => [data['database-password'], data['database-root-password']]);
    const decoded = values.flatMap((value) => (value === undefined ? [] : [Buffer.from(value, 'base64').toString()]));
    return [...decoded, this.#state.registries.basic.password];
  }

  /** With all that is on its volumes. The data goes too: it is the same for every project. */
  async remove(): Promise<void> {
    await this.kubectl.removeNamespace(this.namespace);
    await this.kubectl.run(['delete', 'persistentvolume', '--ignore-not-found', ...this.#volumes().map(nameOf)]);
    rmSync(join(this.#volumesDir, this.namespace), { recursive: true, force: true });
    this.data.remove();
  }

  async #rolledOut(workload: string): Promise<void> {
    await this.kubectl.run(['-n', this.namespace, 'rollout', 'status', workload, '--timeout=120s']);
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
      this.#secret('fs-mysql-secrets', 'Opaque', database),
      this.#secret('fs-registry-secrets', 'kubernetes.io/dockerconfigjson', { '.dockerconfigjson': logins }),
    ];
  }

  #secret(name: string, type: string, stringData: object): object {
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: this.namespace }, type, stringData };
  }

  get #volumesDir(): string {
    return join(this.#state.directories.run, 'volumes');
  }

  /** The example's volumes, in the run directory of the ground, which `down` removes. */
  #volumes(): object[] {
    const text = readFileSync(join(deploy, 'volumes.yaml'), 'utf8')
      .replaceAll(stackNamespace, this.namespace)
      .replaceAll('path: /srv/', `path: ${this.#volumesDir}/`);
    return parseAllDocuments(text).map((document) => {
      const volume = document.toJS() as { spec: { hostPath: { path: string } } };
      mkdirSync(volume.spec.hostPath.path, { recursive: true });
      // The pods run under another user.
      chmodSync(volume.spec.hostPath.path, 0o777);
      return volume;
    });
  }
}

function nameOf(object: object): string {
  return (object as { metadata: { name: string } }).metadata.name;
}
