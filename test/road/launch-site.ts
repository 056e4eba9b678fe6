import { readFileSync } from 'node:fs';
import type { GroundState } from '../ground/state.ts';
import { accountToken, grantAccess } from './accounts.ts';
import { Kubectl } from './kubectl.ts';
import { pullSecret } from './secret.ts';

/** The account of a callable workflow that launches and looks. */
const account = 'loader-image';

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
  readonly #action: string;

  /** Its account may do this action there, by the Role that is shipped. */
  constructor(state: GroundState, namespaces: readonly string[], action: 'launch-loader' | 'detect-data') {
    this.#state = state;
    this.#action = action;
    this.kubectl = new Kubectl(state);
    this.namespaces = namespaces;
  }

  /** Where its account is. */
  get #home(): string {
    return this.namespaces[0] ?? '';
  }

  get #busybox(): string {
    const { images, registries } = this.#state;
    return `${registries.basic.host}/${images.busybox}`;
  }

  async create(script: string): Promise<void> {
    await this.kubectl.apply(
      ...this.namespaces.flatMap((namespace) => [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        pullSecret(this.#state, namespace),
      ]),
    );
    for (const namespace of this.namespaces) await grantAccess(this.kubectl, this.#action, namespace, this.#home);
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
    const token = await accountToken(this.#state, this.#home, account);
    const authority = pem === undefined ? {} : { 'certificate-authority-data': Buffer.from(pem).toString('base64') };
    return JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
      clusters: [
        { name: 'here', cluster: { server: through?.url ?? server, ...authority } },
        { name: 'away', cluster: { server: 'https://127.0.0.1:16999' } },
      ],
      users: [{ name: account, user: { token } }],
      contexts: [
        { name: 'here', context: { cluster: 'here', user: account } },
        { name: 'there', context: { cluster: 'here', user: account } },
        { name: 'away', context: { cluster: 'away', user: account } },
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
