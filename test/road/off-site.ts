import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GroundState } from '../ground/state.ts';
import { Kubectl } from './kubectl.ts';
import { pullSecret, secret } from './secret.ts';

const namespace = 'fragalysis-off-site';
const port = 8730;
const account = 'fragalysis';

/** The other server that backups are sent to: an rsync daemon with a password, in a namespace of its own, from the backup image itself. */
export class OffSite implements AsyncDisposable {
  /** What has arrived, as the host sees it: a folder for each project. */
  readonly folder: string;
  readonly #password = randomBytes(18).toString('base64url');
  readonly #kubectl: Kubectl;

  private constructor(state: GroundState) {
    this.#kubectl = new Kubectl(state);
    this.folder = join(state.directories.run, 'volumes', namespace);
  }

  /** `image` is the one of backup-image.ts. */
  static async start(state: GroundState, image: string): Promise<OffSite> {
    const site = new OffSite(state);
    mkdirSync(site.folder, { recursive: true });
    // The pod runs under another user.
    chmodSync(site.folder, 0o777);
    await site.#kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const logins = pullSecret(state, namespace, 'fs-registry-secrets');
    await site.#kubectl.apply(logins, site.#configuration(), service, site.#server(image));
    await site.#kubectl.run(['-n', namespace, 'rollout', 'status', 'deployment/off-site', '--timeout=120s']);
    return site;
  }

  /** The content of a project's fs-backup-secrets. `folder` is the project's own here. */
  secretFor(folder: string): Record<string, string> {
    return {
      'rsync-transport': 'daemon',
      'rsync-host': `off-site.${namespace}.svc`,
      'rsync-port': String(port),
      'rsync-user': account,
      'rsync-path': `backups/${folder}`,
      password: this.#password,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kubectl.removeNamespace(namespace);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #configuration(): object {
    const config = [
      'use chroot = false',
      'log file = /dev/stderr',
      'lock file = /tmp/rsyncd.lock',
      '[backups]',
      'path = /backups',
      'read only = false',
      `auth users = ${account}`,
      'secrets file = /etc/off-site/secrets',
    ];
    const content = { 'rsyncd.conf': `${config.join('\n')}\n`, secrets: `${account}:${this.#password}\n` };
    return secret(namespace, 'off-site', content);
  }

  #server(image: string): object {
    const container = {
      ...{ name: 'rsync', image, ports: [{ containerPort: port }] },
      command: ['rsync', '--daemon', '--no-detach', `--port=${port}`, '--config=/etc/off-site/rsyncd.conf'],
      readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
      volumeMounts: [
        { name: 'config', mountPath: '/etc/off-site' },
        { name: 'backups', mountPath: '/backups' },
      ],
    };
    const volumes = [
      // Others may not read the file of passwords, or the daemon refuses it.
      { name: 'config', secret: { secretName: 'off-site', defaultMode: 0o440 } },
      { name: 'backups', hostPath: { path: this.folder, type: 'Directory' } },
    ];
    const pod = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 1, containers: [container] };
    const spec = { ...pod, imagePullSecrets: [{ name: 'fs-registry-secrets' }], volumes };
    const labels = { app: 'off-site' };
    return {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'off-site', namespace } },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    };
  }
}

const service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'off-site', namespace } },
  spec: { selector: { app: 'off-site' }, ports: [{ port }] },
};
