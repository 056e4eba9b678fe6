import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { ClusterPorts } from '../../ports/clusters.ts';
import type { Access } from './access.ts';
import { accessOf, tokenFromFile } from './access.ts';
import { ApiClient } from './api-client.ts';
import { KubernetesCluster } from './cluster.ts';
import { Http1KubeConfig } from './http1-config.ts';
import { KubernetesJobs } from './jobs.ts';
import type { Source } from './kubeconfig.ts';
import { chooseContext, wrong } from './kubeconfig.ts';
import { KubernetesPermissions } from './permissions.ts';
import type { OidcAccess } from './oidc-client.ts';
import { OidcApiClient } from './oidc-client.ts';
import { formsOf, secretsOf } from './secrets.ts';

export interface ClusterOptions {
  /** In place of all that a kubeconfig says. */
  readonly oidc?: OidcAccess;
  /** The content of a kubeconfig; empty: the files of KUBECONFIG, else the service account of the pod. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig; left out: its current one. */
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Called with every secret before anything is sent. */
  readonly mask: (secret: string) => void;
  /** Where Kubernetes mounts a pod's service account (kubernetes.io, "Accessing the Kubernetes API from a Pod"). */
  readonly serviceAccountDirectory?: string;
}

/**
 * A cluster by the client of kubernetes-client/javascript, one for all that is done there. No program is started, no request made
 * before the kubeconfig is found right. Throws InputError, whose text holds nothing of the kubeconfig but names of contexts,
 * clusters and users.
 */
export function connectCluster(options: ClusterOptions): ClusterPorts {
  const client = clientOf(options);
  return {
    cluster: new KubernetesCluster(client, options.clock),
    jobs: new KubernetesJobs(client, options.clock),
    permissions: new KubernetesPermissions(client, options.clock),
  };
}

/** Whether there is anything that connectCluster would go by. */
export function hasPlace({ kubeconfig = '', env }: Pick<ClusterOptions, 'kubeconfig' | 'env'>): boolean {
  return kubeconfig.trim() !== '' || filesOf(env).length > 0 || Boolean(env['KUBERNETES_SERVICE_HOST']);
}

function clientOf(options: ClusterOptions): ApiClient {
  if (options.oidc) return new OidcApiClient(options.oidc, options.clock);
  const { cluster, user } = findAccess(options);
  const config = new Http1KubeConfig();
  config.loadFromOptions({
    clusters: [cluster],
    users: [user],
    contexts: [{ name: 'chosen', cluster: cluster.name, user: user.name }],
    currentContext: 'chosen',
  });
  return new ApiClient(config, cluster.server, options.clock);
}

function findAccess(options: ClusterOptions): Access {
  const sources = kubeconfigs(options);
  if (sources.length === 0) return podAccess(options);
  for (const source of sources) secretsOf(source.text).forEach(options.mask);
  const access = accessOf(chooseContext(sources, options.context));
  // Again, as it is used now: a key may have come from a file.
  for (const secret of [access.user.token, access.user.password, access.user.keyData])
    formsOf(secret ?? '').forEach(options.mask);
  if (access.tokenFile !== undefined) maskFile(access.tokenFile, options.mask);
  return access;
}

function kubeconfigs({ kubeconfig = '', env }: ClusterOptions): Source[] {
  if (kubeconfig.trim() !== '') return [{ name: 'kubeconfig', text: kubeconfig, directory: undefined }];
  return filesOf(env).map((file) => ({
    name: file,
    text: readFile(file),
    directory: path.dirname(path.resolve(file)),
  }));
}

function filesOf(env: ClusterOptions['env']): string[] {
  return (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw wrong('KUBECONFIG', `the file ${JSON.stringify(file)} cannot be read`);
  }
}

function podAccess({ env, context, mask, ...options }: ClusterOptions): Access {
  const directory = options.serviceAccountDirectory ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (!host)
    throw wrong(
      'kubeconfig',
      'is empty, KUBECONFIG is not set, and this is no pod with a service account: give the content of a kubeconfig',
    );
  if (context !== undefined)
    throw wrong(
      'kubeconfig',
      `is empty, so there is no context ${JSON.stringify(context)}: the pod's own service account would be used`,
    );
  const tokenFile = path.join(directory, 'token');
  const address = host.includes(':') ? `[${host}]` : host;
  const access: Access = {
    cluster: {
      name: 'pod',
      server: `https://${address}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
      caData: Buffer.from(readServiceAccount(path.join(directory, 'ca.crt'))).toString('base64'),
      skipTLSVerify: false,
    },
    user: { name: 'service account', ...tokenFromFile(tokenFile) },
    tokenFile,
  };
  readServiceAccount(tokenFile);
  maskFile(tokenFile, mask);
  return access;
}

function readServiceAccount(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw wrong(
      'kubeconfig',
      `is empty, and the pod's service account is not mounted: ${path.basename(file)} cannot be read`,
    );
  }
}

function maskFile(tokenFile: string, mask: (secret: string) => void): void {
  formsOf(readFileSync(tokenFile, 'utf8').trim()).forEach(mask);
}
