import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { DjangoData } from './django-data.ts';
import { Kubectl } from './kubectl.ts';
import { pullSecret, secret } from './secret.ts';

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
  staging: 'fragalysis-stag',
} as const;

export type StackProjectName = keyof typeof stackNamespaces;

export const stackNamespace = stackNamespaces.test;

/** The accounts that the workflows use. */
export const cicdNamespace = 'fragalysis-cicd';

const projects = join(repositoryRoot, 'deploy/projects');
const deploy = join(repositoryRoot, 'examples/stack/deploy');

export interface StackProjectOptions {
  /** Of its backups and restores, by digest (backup-image.ts); left out, the manifests name a tag that need not be there. */
  readonly backupImage?: string;
  /** The content of fs-backup-secrets (off-site.ts); left out, its backups stay here. */
  readonly offSite?: Readonly<Record<string, string>>;
}

/** A project of the example stack, set up as examples/README.md says: a labelled node, accounts, secrets, volumes, manifests. */
export class StackProject {
  readonly name: StackProjectName;
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly data: DjangoData;
  readonly #state: GroundState;
  readonly #options: StackProjectOptions;
  #volumes: readonly Volume[] = [];

  private constructor(state: GroundState, name: StackProjectName, options: StackProjectOptions) {
    this.#state = state;
    this.#options = options;
    this.name = name;
    this.namespace = stackNamespaces[name];
    this.kubectl = new Kubectl(state);
    this.data = new DjangoData(state);
  }

  /** TEST gets its first image by a delivery. The others run build 1 of it, which has to be there, until something is promoted. */
  static async create(
    state: GroundState,
    name: StackProjectName = 'test',
    options: StackProjectOptions = {},
  ): Promise<StackProject> {
    const project = new StackProject(state, name, options);
    const { kubectl } = project;
    await kubectl.run(['label', 'nodes', '--all', '--overwrite', 'purpose=app']);
    await kubectl.run(['apply', '--server-side', '-k', join(projects, 'cicd')]);
    await kubectl.run(['apply', '--server-side', '-f', join(projects, name, 'namespace.yaml')]);
    const manifests = await project.#manifests();
    project.#volumes = project.#volumesFor(manifests);
    await kubectl.apply(...project.#secrets(), ...project.#volumes);
    await kubectl.run(['apply', '--server-side', '-f', '-'], manifests);
    await project.#rolledOut('statefulset/mysql');
    if (name !== 'test') await project.#rolledOut('deployment/web');
    return project;
  }

  /** The page of the running stack, or why there is none. */
  async page(path: string): Promise<string> {
    const answer = await fetch(`${this.#state.pages[this.name]}${path}`, { signal: AbortSignal.timeout(10_000) });
    return `${answer.status} ${await answer.text()}`;
  }

  /** Where its backups lie, as the host sees it. */
  get backupFolder(): string {
    return join(this.#volumesDir, this.namespace, 'backup');
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
    const secret = ['database-password', 'database-root-password', 'password', 'ssh-key'];
    const values = items.flatMap(({ data }) => secret.flatMap((key) => data[key] ?? []));
    const decoded = values.map((value) => Buffer.from(value, 'base64').toString());
    return [...decoded, this.#state.registries.basic.password];
  }

  /** With all that is on its volumes. The data goes too: it is the same for every project. */
  async remove(): Promise<void> {
    await this.kubectl.removeNamespace(this.namespace);
    const volumes = this.#volumes.map(({ metadata }) => metadata.name);
    await this.kubectl.run(['delete', 'persistentvolume', '--ignore-not-found', ...volumes]);
    rmSync(join(this.#volumesDir, this.namespace), { recursive: true, force: true });
    this.data.remove();
    // TEST is there in all roads: with it go the accounts and the label of the node.
    if (this.name !== 'test') return;
    await this.kubectl.run(['label', 'nodes', '--all', 'purpose-']);
    await this.kubectl.removeNamespace(cicdNamespace);
  }

  async #rolledOut(workload: string): Promise<void> {
    await this.kubectl.run(['-n', this.namespace, 'rollout', 'status', workload, '--timeout=120s']);
  }

  async #manifests(): Promise<string> {
    const text = await this.kubectl.run(['kustomize', join(deploy, 'first', this.name)]);
    const { backupImage } = this.#options;
    return backupImage === undefined ? text : text.replace(/\S+\/fragalysis-ops\/db-backup:1$/gm, backupImage);
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
    const { offSite } = this.#options;
    return [
      secret(this.namespace, 'fs-mysql-secrets', database),
      pullSecret(this.#state, this.namespace, 'fs-registry-secrets'),
      ...(offSite === undefined ? [] : [secret(this.namespace, 'fs-backup-secrets', offSite)]),
    ];
  }

  get #volumesDir(): string {
    return join(this.#state.directories.run, 'volumes');
  }

  /** The example's volumes for the claims of the manifests, in the run directory of the ground, which `down` removes. */
  #volumesFor(manifests: string): Volume[] {
    const claims = documents<Named>(manifests).filter(({ kind }) => kind === 'PersistentVolumeClaim');
    const names = claims.map(({ metadata }) => metadata.name);
    const folder = join(deploy, 'volumes');
    const text = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('---\n')
      .replaceAll(stackNamespace, this.namespace)
      .replaceAll('path: /srv/', `path: ${this.#volumesDir}/`);
    const volumes = documents<Volume>(text).filter(({ spec }) => names.includes(spec.claimRef.name));
    for (const { spec } of volumes) {
      mkdirSync(spec.hostPath.path, { recursive: true });
      // The pods run under another user.
      chmodSync(spec.hostPath.path, 0o777);
    }
    return volumes;
  }
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Volume extends Named {
  readonly spec: { readonly claimRef: { readonly name: string }; readonly hostPath: { readonly path: string } };
}

/** Comments between two `---` are documents too: empty ones. */
function documents<T>(text: string): T[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as T | null)
    .filter((content) => content !== null);
}
