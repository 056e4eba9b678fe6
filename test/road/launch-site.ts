import { readFileSync } from 'node:fs';
import type { GroundState } from '../ground/state.ts';
import { Kubectl } from './kubectl.ts';

/** What actions/launch-loader/README.md says that the account needs, and nothing else. */
const rules = [
  { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['get'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch', 'create', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
];
const rbac = 'rbac.authorization.k8s.io';

interface Additions {
  readonly job?: object;
  readonly pod?: object;
  readonly container?: object;
}

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string };
}

interface EndedPod {
  readonly status: {
    readonly containerStatuses: readonly {
      readonly state: { readonly terminated?: { readonly startedAt: string; readonly finishedAt: string } };
    }[];
  };
}

/** Namespaces with a pod that stands for the stack, and a suspended CronJob `loader` that runs a shell script. */
export class LaunchSite {
  readonly kubectl: Kubectl;
  readonly namespaces: readonly string[];
  readonly #state: GroundState;

  constructor(state: GroundState, namespaces: readonly string[]) {
    this.#state = state;
    this.kubectl = new Kubectl(state);
    this.namespaces = namespaces;
  }

  get #busybox(): string {
    const { images, registries } = this.#state;
    return `${registries.basic.host}/${images.busybox}`;
  }

  async create(script: string): Promise<void> {
    const secret = { '.dockerconfigjson': readFileSync(this.#state.registryLogins, 'utf8') };
    await this.kubectl.apply(
      ...this.namespaces.flatMap((namespace) => [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        {
          ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'registry', namespace } },
          ...{ type: 'kubernetes.io/dockerconfigjson', stringData: secret },
        },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'launcher', namespace } },
        { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name: 'launcher', namespace }, rules },
        {
          ...{ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: 'launcher', namespace } },
          roleRef: { apiGroup: rbac, kind: 'Role', name: 'launcher' },
          subjects: [{ kind: 'ServiceAccount', name: 'launcher', namespace: this.namespaces[0] }],
        },
      ]),
    );
    await this.kubectl.apply(...this.namespaces.map((namespace) => this.#stack(namespace)));
    await Promise.all(
      this.namespaces.map((namespace) =>
        this.kubectl.run(['-n', namespace, 'wait', 'pod/stack', '--for=condition=Ready', '--timeout=120s']),
      ),
    );
    await this.script(script);
  }

  /** As in every project. The kubelet knows the pull secret by it: it does not always get a new one in time (seen under load). */
  #stack(namespace: string): object {
    const { images, registries } = this.#state;
    const container = {
      name: 'stack',
      image: `${registries.basic.host}/${images.busybox}`,
      command: ['sleep', '3600'],
    };
    return {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'stack', namespace } },
      spec: { terminationGracePeriodSeconds: 0, imagePullSecrets: [{ name: 'registry' }], containers: [container] },
    };
  }

  /** Of an account that may launch in all these namespaces. Context `there` is another to the same, `away` leads to an API server that is not there. */
  async kubeconfig(through?: { readonly url: string; readonly authority: string }): Promise<string> {
    const { server, caPath } = this.#state.cluster;
    const pem = through?.authority ?? (caPath === undefined ? undefined : readFileSync(caPath, 'utf8'));
    const account = ['-n', this.namespaces[0] ?? '', 'create', 'token', 'launcher', '--duration=2h'];
    const token = (await this.kubectl.run(account)).trim();
    const authority = pem === undefined ? {} : { 'certificate-authority-data': Buffer.from(pem).toString('base64') };
    return JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
      clusters: [
        { name: 'here', cluster: { server: through?.url ?? server, ...authority } },
        { name: 'away', cluster: { server: 'https://127.0.0.1:16999' } },
      ],
      users: [{ name: 'launcher', user: { token } }],
      contexts: [
        { name: 'here', context: { cluster: 'here', user: 'launcher' } },
        { name: 'there', context: { cluster: 'here', user: 'launcher' } },
        { name: 'away', context: { cluster: 'away', user: 'launcher' } },
      ],
    });
  }

  /** What the Jobs do from now on; what is added to the Job's spec, its pods' spec, their container. */
  async script(script: string, { job = {}, pod = {}, container = {} }: Additions = {}): Promise<void> {
    const loader = { name: 'loader', image: this.#busybox, command: ['sh', '-c', script], ...container };
    const spec = {
      ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 1, automountServiceAccountToken: false },
      ...{ imagePullSecrets: [{ name: 'registry' }], containers: [loader], ...pod },
    };
    const template = { metadata: { labels: { app: 'loader' } }, spec };
    const jobTemplate = { spec: { backoffLimit: 0, template, ...job } };
    await this.kubectl.apply(
      ...this.namespaces.map((namespace) => ({
        ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'loader', namespace } },
        spec: { suspend: true, schedule: '0 0 1 1 *', jobTemplate },
      })),
    );
  }

  async jobs(namespace: string): Promise<{ name: string; uid: string }[]> {
    const { items } = await this.kubectl.get<{ items: Item[] }>(namespace, 'jobs');
    return items.map(({ metadata: { name, uid } }) => ({ name, uid }));
  }

  /** When the container of the namespace's only Job began and ended. */
  async lastRun(namespace: string): Promise<{ startedAt: string; finishedAt: string }> {
    const { items } = await this.kubectl.get<{ items: EndedPod[] }>(namespace, 'pods', '-l', 'app=loader');
    const terminated = items[0]?.status.containerStatuses[0]?.state.terminated;
    if (!terminated || items.length > 1) throw new Error(`${namespace} has ${items.length} pods of the loader`);
    return terminated;
  }

  async removeJobs(namespace: string): Promise<void> {
    await this.kubectl.run(['-n', namespace, 'delete', 'jobs', '--all', '--cascade=foreground', '--wait=true']);
  }

  async remove(): Promise<void> {
    await Promise.all(this.namespaces.map((namespace) => this.kubectl.removeNamespace(namespace)));
  }
}
