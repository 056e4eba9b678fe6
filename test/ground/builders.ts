import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GroundError, succeeds, until } from './commands.ts';
import type { Namespaces } from './namespaces.ts';
import { explain } from './namespaces.ts';
import { cgroup, dockerSocket, network, runDir } from './settings.ts';
import type { GroundRegistry, GroundState } from './state.ts';

const dockerDir = join(runDir, 'docker-config');
const daemonConfig = join(runDir, 'dockerd.json');
const containersDir = join(runDir, 'containers');

export const registryLogins = join(dockerDir, 'config.json');

/** Configures docker, buildx and buildah for the registries; gives the environment that makes them use it. */
export function configureBuilders(registries: readonly GroundRegistry[], buildx: string): GroundState['environment'] {
  mkdirSync(join(dockerDir, 'cli-plugins'), { recursive: true, mode: 0o700 });
  symlinkSync(buildx, join(dockerDir, 'cli-plugins', 'docker-buildx'));
  const logins = registries.map(({ host, username, password }) => {
    return [host, { auth: Buffer.from(`${username}:${password}`).toString('base64') }];
  });
  writeFileSync(registryLogins, JSON.stringify({ auths: Object.fromEntries(logins) }), { mode: 0o600 });

  mkdirSync(containersDir, { recursive: true, mode: 0o700 });
  const insecure = registries.map(({ host }) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const registriesConf = join(containersDir, 'registries.conf');
  writeFileSync(registriesConf, ['unqualified-search-registries = []\n', ...insecure].join(''));
  const storage = { runroot: join(containersDir, 'run'), graphroot: join(containersDir, 'storage') };
  const storageConf = join(containersDir, 'storage.conf');
  writeFileSync(storageConf, `[storage]\ndriver = "overlay"\n${toml(storage)}`);
  return {
    DOCKER_HOST: `unix://${dockerSocket}`,
    DOCKER_CONFIG: dockerDir,
    REGISTRY_AUTH_FILE: registryLogins,
    CONTAINERS_REGISTRIES_CONF: registriesConf,
    CONTAINERS_STORAGE_CONF: storageConf,
    STORAGE_DRIVER: 'overlay',
    BUILDAH_ISOLATION: 'chroot',
  };
}

function toml(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('');
}

/**
 * dockerd beside the node, on its containerd. It writes no rule of a firewall: its policy would cut the pods' way to
 * services. So a RUN step reaches the registries with `--network=host` only, and the internet never.
 */
export function startDocker(namespaces: Namespaces): void {
  if (dockerSocket.length > 100) {
    throw new GroundError(
      `${dockerSocket} is too long for the path of a socket (100 characters): set XDG_CACHE_HOME to a shorter folder.`,
    );
  }
  const settings = {
    host: `unix://${dockerSocket}`,
    containerd: '/run/containerd/containerd.sock',
    'data-root': join(runDir, 'docker'),
    'exec-root': '/run/docker',
    pidfile: '/run/docker.pid',
    bip: network.dockerBridge,
    'cgroup-parent': `/${cgroup}/docker`,
    'storage-driver': 'overlay2',
    iptables: 'false',
    ip6tables: 'false',
    // Not the machine's own /etc/docker/daemon.json.
    'config-file': daemonConfig,
  };
  writeFileSync(daemonConfig, '{}');
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  namespaces.start({ name: 'dockerd', command: 'dockerd', args });
}

/** Waits until dockerd answers. */
export async function dockerReady(environment: GroundState['environment']): Promise<void> {
  await until('dockerd answers', 30_000, () => dockerAnswers(environment)).catch(explain('dockerd'));
}

export function dockerAnswers(environment: GroundState['environment']): Promise<boolean> {
  return succeeds('docker', ['version'], { env: environment });
}
