import { AuthenticationV1TokenRequest, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import type { Right } from '@delivery/core/domain/rights';
import type { ClusterPorts } from '@delivery/core/ports/clusters';
import type { GroundState } from '../ground/state.ts';
import { tokenKubeconfig } from './accounts.ts';
import { Kubectl } from './kubectl.ts';
import { pullSecret } from './secret.ts';

const rbac = 'rbac.authorization.k8s.io';

/** A namespace with an account for every set of rights that is tried. */
export class RightsSite {
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly #state: GroundState;
  readonly #admin = new KubeConfig();

  constructor(state: GroundState, namespace: string) {
    this.#state = state;
    this.namespace = namespace;
    this.kubectl = new Kubectl(state);
    this.#admin.loadFromFile(state.cluster.kubeconfig);
  }

  /** With the accounts, by name, each of which may do just that. */
  async create(accounts: ReadonlyMap<string, readonly Right[]>): Promise<void> {
    const { namespace, kubectl } = this;
    await kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await kubectl.apply(
      pullSecret(this.#state, namespace, 'logins'),
      ...[...accounts.keys()].map((name) => this.#object('v1', 'ServiceAccount', name)),
      ...[...accounts].map(([name, rights]) => this.#object(`${rbac}/v1`, 'Role', name, { rules: rulesOf(rights) })),
      ...[...accounts.keys()].map((name) =>
        this.#object(`${rbac}/v1`, 'RoleBinding', name, {
          roleRef: { apiGroup: rbac, kind: 'Role', name },
          subjects: [{ kind: 'ServiceAccount', name, namespace }],
        }),
      ),
    );
    const last = [...accounts].at(-1);
    if (last) await this.#known(...last);
  }

  /** Under a token of that account. */
  async connect(name: string): Promise<ClusterPorts> {
    const { namespace } = this;
    const spec = { audiences: [], expirationSeconds: 3600 };
    const body = Object.assign(new AuthenticationV1TokenRequest(), { spec });
    const api = this.#admin.makeApiClient(CoreV1Api);
    const answer = await api.createNamespacedServiceAccountToken({ name, namespace, body });
    const kubeconfig = tokenKubeconfig(this.#state, name, answer.status?.token ?? '');
    return connectCluster({ kubeconfig, env: {}, clock: systemClock, mask: () => undefined });
  }

  /** Objects of this namespace. */
  async apply(objects: readonly object[]): Promise<void> {
    await this.kubectl.run(
      ['-n', this.namespace, 'apply', '--server-side', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    );
  }

  async remove(): Promise<void> {
    await this.kubectl.removeNamespace(this.namespace);
  }

  /** RBAC knows what was made a moment later; what was made last it knows last. */
  async #known(name: string, rights: readonly Right[]): Promise<void> {
    const { permissions } = await this.connect(name);
    while ((await permissions.missing(this.namespace, rights, AbortSignal.timeout(30_000))).denied.length > 0);
  }

  #object(apiVersion: string, kind: string, name: string, rest: object = {}): object {
    return { apiVersion, kind, metadata: { name, namespace: this.namespace }, ...rest };
  }
}

function rulesOf(rights: readonly Right[]): object[] {
  return rights.map(({ group, resource, verb }) => ({ apiGroups: [group], resources: [resource], verbs: [verb] }));
}
