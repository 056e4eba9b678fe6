import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Background } from '../background.ts';
import { freePort, inBackground } from '../background.ts';

export interface SshServer extends Background {
  readonly port: number;
  /** Who may log in: this user. */
  readonly user: string;
  /** A private key that opens it. */
  readonly key: string;
  /** The line of a known_hosts file for a port of 127.0.0.1. */
  knownHost(port?: number): string;
}

export interface SshServerOptions {
  /** For its own files. */
  readonly dir: string;
  /** The only thing the key may do, such as `rrsync -wo /folder`. */
  readonly command?: string;
}

/** Starts sshd on a free port of 127.0.0.1 as this user, with host key and configuration of its own. */
export async function startSshServer({ dir, command }: SshServerOptions): Promise<SshServer> {
  const port = await freePort();
  const folder = join(dir, `sshd-${port}`);
  mkdirSync(folder, { mode: 0o700 });
  const hostKey = makeKey(join(folder, 'host'));
  const userKey = makeKey(join(folder, 'user'));
  const { username: user } = userInfo();
  const limit = command === undefined ? '' : `restrict,command="${command}" `;
  writeFileSync(join(folder, 'authorized'), `${limit}${userKey.public}\n`, { mode: 0o600 });
  const config = join(folder, 'config');
  const lines = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(folder, 'host')}`, 'PidFile none', 'UsePAM no'],
    ...[`AuthorizedKeysFile ${join(folder, 'authorized')}`, 'StrictModes no', 'PasswordAuthentication no'],
    ...['KbdInteractiveAuthentication no', 'PermitRootLogin prohibit-password'],
    // As deep a shell as this does not read the user's .bashrc, which may take a second.
    ...['SetEnv SHLVL=2', ''],
  ];
  writeFileSync(config, lines.join('\n'));
  // Debian's sshd wants this folder when root starts it; its service makes it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const background = await inBackground('/usr/sbin/sshd', ['-D', '-e', '-f', config], 'Server listening on');
  const [type, blob] = hostKey.public.split(' ');
  const knownHost = (at = port) => `[127.0.0.1]:${at} ${type} ${blob}\n`;
  return { ...background, port, user, key: userKey.private, knownHost };
}

/** A new ed25519 pair as OpenSSH writes it. */
export function makeKey(path: string): { readonly private: string; readonly public: string } {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  return { private: readFileSync(path, 'utf8'), public: readFileSync(`${path}.pub`, 'utf8').trim() };
}
