import type { ApiClient } from '@delivery/core/adapters/cluster/api-client';
import { RemoteError } from '@delivery/core/errors/errors';

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string }[];
  readonly deletionTimestamp?: string;
}

export interface KubeObject {
  readonly metadata: Metadata;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
}

export interface Template {
  readonly metadata?: { readonly labels?: object; readonly annotations?: object };
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

export interface Workload extends KubeObject {
  readonly spec: { readonly template: Template };
}

interface Reference {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface TagItem {
  readonly created: string;
  readonly dockerImageReference: string;
  readonly image: string;
  readonly generation: number;
}

export interface TagStatus {
  readonly tag: string;
  readonly items: readonly TagItem[];
  readonly conditions?: readonly object[];
}

export interface ImageStream extends KubeObject {
  readonly spec?: {
    readonly tags?: readonly {
      readonly name: string;
      readonly from?: Reference;
      readonly generation?: number;
      readonly referencePolicy?: { readonly type?: string };
      readonly importPolicy?: { readonly scheduled?: boolean };
    }[];
  };
  readonly status?: { readonly dockerImageRepository?: string; readonly tags?: readonly TagStatus[] };
}

export interface DeploymentConfig extends Workload {
  readonly spec: {
    readonly template: Template;
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly selector?: Readonly<Record<string, string>>;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingParams?: { readonly timeoutSeconds?: number };
      readonly recreateParams?: { readonly timeoutSeconds?: number };
    };
    readonly triggers?: readonly {
      readonly type: string;
      readonly imageChangeParams?: {
        readonly automatic?: boolean;
        readonly containerNames?: readonly string[];
        readonly from: Reference;
        readonly lastTriggeredImage?: string;
      };
    }[];
  };
  readonly status?: DeploymentConfigStatus;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastTransitionTime?: string;
}

export interface DeploymentConfigStatus {
  readonly latestVersion: number;
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
  readonly unavailableReplicas: number;
  readonly readyReplicas?: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicationController extends Workload {
  readonly spec: { readonly replicas: number; readonly template: Template };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
  };
}

export const groups = {
  imagestreams: '/apis/image.openshift.io/v1',
  deploymentconfigs: '/apis/apps.openshift.io/v1',
  replicationcontrollers: '/api/v1',
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
} as const;

export type Resource = keyof typeof groups;

/** Writes what a controller decides; what somebody else has changed meanwhile is decided anew with the next view. */
export class Writer {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async set(
    resource: Resource,
    { metadata }: KubeObject,
    fields: Readonly<Record<string, unknown>>,
    sub = '',
  ): Promise<void> {
    const { namespace, name, resourceVersion } = metadata;
    const changes = Object.entries(fields).map(([path, value]) => ({ op: 'add', path, value }));
    const body = [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...changes];
    const request = { verb: 'patch', group: groups[resource], resource: `${resource}${sub}`, namespace, name } as const;
    await this.#orLater({ ...request, body, withinMs: 10_000 });
  }

  async create(resource: Resource, namespace: string, body: object): Promise<void> {
    await this.#orLater({ verb: 'create', group: groups[resource], resource, namespace, body, withinMs: 10_000 });
  }

  async #orLater(request: Parameters<ApiClient['json']>[0]): Promise<void> {
    try {
      await this.#client.json(request, this.#signal);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      // Somebody else was faster, or it is gone, with its namespace maybe.
      if (![403, 404, 409, 422].includes(error.status ?? 0)) throw error;
    }
  }
}

/** A path of a JSON pointer. */
export function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
