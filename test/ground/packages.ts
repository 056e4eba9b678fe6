import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findProgram, run } from './commands.ts';

/** Debian packages, and what each is here for. A machine that has all of it from elsewhere gets nothing installed. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  containerd: ['containerd', 'ctr'],
  runc: ['runc'],
  'docker.io': ['dockerd', 'docker'],
  buildah: ['buildah'],
  skopeo: ['skopeo'],
  'docker-registry': ['docker-registry'],
  'apache2-utils': ['htpasswd'],
  'containernetworking-plugins': ['/usr/lib/cni/bridge'],
  mmdebstrap: ['mmdebstrap'],
  'busybox-static': ['busybox'],
  nftables: ['nft'],
  iptables: ['iptables'],
  conntrack: ['conntrack'],
  iproute2: ['ip'],
  git: ['git'],
  curl: ['curl'],
  openssl: ['openssl'],
  'mariadb-server': ['mariadbd', 'mariadb-install-db'],
  'mariadb-client': ['mariadb', 'mariadb-dump'],
  // What the MySQL of the tests is linked with, and what its archive is unpacked with.
  libaio1: ['/usr/lib/x86_64-linux-gnu/libaio.so.1'],
  unzip: ['unzip'],
  zstd: ['zstd'],
  rsync: ['rsync'],
  'openssh-client': ['ssh', 'ssh-keygen'],
  'openssh-server': ['sshd'],
  'ca-certificates': ['/etc/ssl/certs/ca-certificates.crt'],
};

function missingPackages(): string[] {
  const there = (name: string) => (name.startsWith('/') ? existsSync(name) : findProgram(name) !== undefined);
  return Object.keys(wanted).filter((name) => !wanted[name]?.every(there));
}

/** Installs what is missing of the Debian packages that every `up` needs. */
export function installMissing(note: (text: string) => void): Promise<void> {
  return install(missingPackages(), note);
}

/** Installs Debian packages and says which; what they would start as services stays stopped. */
export async function install(packages: readonly string[], note: (text: string) => void): Promise<void> {
  if (packages.length === 0) return;
  console.log(`  installing Debian packages: ${packages.join(' ')}`);
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, unmarked: true, onLine: note };
  await run('apt-get', ['update', '-q'], options);
  await withoutServices(() => run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], options));
}

/** Debian's own switch: while it says 101, no package starts its daemon. One that is there already is left alone. */
async function withoutServices(work: () => Promise<unknown>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return void (await work());
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(policy);
  }
}
