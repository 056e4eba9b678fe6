import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface RsyncDaemon {
  readonly port: number;
  stop(): Promise<void>;
}

export interface RsyncDaemonOptions {
  /** For its own files. */
  readonly dir: string;
  /** Folder of each module. */
  readonly modules: Readonly<Record<string, string>>;
  readonly user: string;
  readonly password: string;
  /** More lines for every module, such as `read only = yes`. */
  readonly lines?: readonly string[];
  /** A folder on which it sees an empty file system of its own of this size; nobody else does. Needs root or user namespaces. */
  readonly small?: { readonly folder: string; readonly size: string };
}

/**
 * An rsync daemon on a free port of 127.0.0.1 (rsyncd.conf(5)), as this user. Each connection gets a process of its own, as inetd does
 * it.
 */
export async function startRsyncDaemon(options: RsyncDaemonOptions): Promise<RsyncDaemon> {
  const { dir, modules, user, password, lines = [], small } = options;
  const folder = mkdtempSync(join(dir, 'rsyncd-'));
  const secrets = join(folder, 'secrets');
  writeFileSync(secrets, `${user}:${password}\n`, { mode: 0o600 });
  const own = [`auth users = ${user}`, `secrets file = ${secrets}`, 'read only = no', ...ids(), ...lines];
  const sections = Object.entries(modules).flatMap(([name, path]) => [`[${name}]`, `path = ${path}`, ...own]);
  const config = join(folder, 'config');
  writeFileSync(config, ['use chroot = no', `log file = ${join(folder, 'log')}`, ...sections, ''].join('\n'));
  const daemon = ['rsync', '--daemon', `--config=${config}`];
  const [command = '', ...args] = small ? onSmallDisk(small, daemon) : daemon;
  const children = new Set<ChildProcess>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(command, args, { stdio: [socket, socket, 'ignore'] });
    children.add(child);
    child.once('spawn', () => socket.destroy()).once('exit', () => children.delete(child));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      children.forEach((child) => child.kill());
      server.close();
      await once(server, 'close');
    },
  };
}

function ids(): readonly string[] {
  return process.getuid?.() === 0 ? ['uid = root', 'gid = root'] : [];
}

function onSmallDisk(
  { folder, size }: { readonly folder: string; readonly size: string },
  command: readonly string[],
): readonly string[] {
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"';
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...asRoot, '--mount', 'sh', '-c', script, 'sh', size, folder, ...command];
}
