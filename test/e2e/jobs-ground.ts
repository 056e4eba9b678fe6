import type { KubernetesObject } from '@kubernetes/client-node';
import { ApiException, KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readState } from '../ground/state.ts';

type Named = KubernetesObject & { metadata: { name: string; namespace: string } };

/** A namespace of the ground for one test, whose default account may pull the ground's images. */
export class GroundNamespace {
  readonly api: KubernetesObjectApi;
  readonly namespace = `jobs-${randomBytes(4).toString('hex')}`;

  static async make(): Promise<GroundNamespace> {
    const made = new GroundNamespace();
    await made.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: made.namespace } });
    const { registryLogins } = readState();
    const data = { '.dockerconfigjson': readFileSync(registryLogins).toString('base64') };
    await made.create('v1', 'Secret', 'logins', { type: 'kubernetes.io/dockerconfigjson', data });
    // Without a controller manager nobody else makes it, and no pod is admitted without it.
    await orAlready(made.create('v1', 'ServiceAccount', 'default'));
    return made;
  }

  private constructor() {
    const config = new KubeConfig();
    config.loadFromFile(readState().cluster.kubeconfig);
    this.api = KubernetesObjectApi.makeApiClient(config);
  }

  async create(
    apiVersion: string,
    kind: string,
    name: string,
    rest: object = {},
    metadata: object = {},
  ): Promise<void> {
    await this.api.create({ ...this.object(apiVersion, kind, name, metadata), ...rest });
  }

  object(apiVersion: string, kind: string, name: string, metadata: object = {}): Named {
    const named: object = { ...metadata, name, namespace: this.namespace };
    return { apiVersion, kind, metadata: named as Named['metadata'] };
  }

  /** A CronJob as the project has them: suspended for ever. */
  async createCronJob(name: string, jobTemplate: object): Promise<void> {
    await this.create('batch/v1', 'CronJob', name, { spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate } });
  }

  async remove(): Promise<void> {
    await this.api.delete(this.object('v1', 'Namespace', this.namespace));
  }
}

/** A pod with one container `main` of busybox. */
export function shellPod(script: string, rest: object = {}, container: object = {}): object {
  const { registries, images } = readState();
  const image = `${registries.basic.host}/${images.busybox}`;
  const main = { name: 'main', image, command: ['sh', '-c', script], ...container };
  return { imagePullSecrets: [{ name: 'logins' }], terminationGracePeriodSeconds: 0, containers: [main], ...rest };
}

async function orAlready(created: Promise<unknown>): Promise<void> {
  await created.catch((error: unknown) => {
    if (!(error instanceof ApiException) || error.code !== 409) throw error;
  });
}
