import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { formatManifest } from '@delivery/backup/manifest-file';
import { sendOffSite } from '@delivery/backup/off-site/send';
import type { OffSiteSettings } from '@delivery/backup/off-site/settings';
import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import type { Keep, Tier } from '@delivery/core/domain/backup/tiers';
import { commandLines } from '@delivery/testing/off-site-servers/process-watch';
import type { CuttingProxy } from '@delivery/testing/off-site-servers/cutting-proxy';
import { startCuttingProxy } from '@delivery/testing/off-site-servers/cutting-proxy';
import type { RsyncDaemonOptions } from '@delivery/testing/off-site-servers/rsync-daemon';
import { startRsyncDaemon } from '@delivery/testing/off-site-servers/rsync-daemon';
import { makeKey, startSshServer } from '@delivery/testing/off-site-servers/ssh-server';

export const keep: Keep = { hourly: 3, daily: 1, weekly: 1, monthly: 1, manual: 1 };
const password = `canary-${randomBytes(12).toString('hex')}`;

/** A volume and where its copies go: one folder behind an rsync daemon or sshd, and what is needed to get there. */
export interface FarSide {
  /** Of the servers' and the test's own files. */
  readonly dir: string;
  /** The volume. */
  readonly root: string;
  readonly settings: OffSiteSettings;
  /** The folder that copies go to. */
  readonly folder: string;
  readonly proxy: CuttingProxy;
  /** What no log, command line or file may hold. */
  readonly secret: string;
  /** The secret that a server would refuse, in the file it is in. */
  readonly wrong: readonly [file: string, text: string];
  /** Ends the servers. */
  stop(): Promise<void>;
}

function makeFolder(): { readonly dir: string; readonly root: string } {
  const dir = mkdtempSync(join(tmpdir(), 'off-site-test-'));
  const root = join(dir, 'volume');
  mkdirSync(root);
  return { dir, root };
}

export function writeSecrets(dir: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(dir, 'secrets-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** `options`: what an rsyncd.conf or a disk may be like. */
export async function daemonSide(
  options: Pick<RsyncDaemonOptions, 'lines'> & { size?: string } = {},
): Promise<FarSide> {
  const { dir, root } = makeFolder();
  const { size, ...lines } = options;
  const module = mkdtempSync(join(dir, 'module-'));
  const daemon = await startRsyncDaemon({
    ...{ dir, modules: { copies: module }, user: 'copier', password, ...lines },
    ...(size && { small: { folder: module, size } }),
  });
  const proxy = await startCuttingProxy(daemon.port);
  const secrets = writeSecrets(dir, { password: `${password}\n` });
  return {
    ...{ dir, root },
    settings: {
      transport: 'daemon',
      host: '127.0.0.1',
      port: proxy.port,
      user: 'copier',
      path: 'copies/prod',
      secrets,
      prune: true,
    },
    folder: join(module, 'prod'),
    proxy,
    secret: password,
    wrong: ['password', 'canary-of-another'],
    stop: async () => void (await Promise.all([daemon.stop(), proxy.stop()])),
  };
}

/** `limit`: the key may only run rrsync with these options, as its manual page says. */
export async function sshSide(limit?: '-wo' | '-wo -no-del'): Promise<FarSide> {
  const { dir, root } = makeFolder();
  const home = mkdtempSync(join(dir, 'home-'));
  const sshd = await startSshServer({ dir, ...(limit && { command: `rrsync ${limit} ${home}` }) });
  const proxy = await startCuttingProxy(sshd.port);
  const secrets = writeSecrets(dir, { 'ssh-key': sshd.key, 'known-hosts': sshd.knownHost(proxy.port) });
  const path = limit ? 'prod' : join(home, 'prod');
  return {
    ...{ dir, root },
    settings: { transport: 'ssh', host: '127.0.0.1', port: proxy.port, user: sshd.user, path, secrets, prune: true },
    folder: join(home, 'prod'),
    proxy,
    secret: sshd.key.split('\n')[2] ?? '',
    wrong: ['ssh-key', makeKey(join(secrets, 'other')).private],
    stop: async () => void (await Promise.all([sshd.stop(), proxy.stop()])),
  };
}

export type SendOptions = Partial<OffSiteSettings> & { readonly signal?: AbortSignal };

/** Sends all backups of the volume; `options` are other settings than the far side's own. */
export function send(far: FarSide, { signal = new AbortController().signal, ...options }: SendOptions = {}) {
  const settings = { ...far.settings, ...options };
  return sendOffSite(settings, far.root, filesOf(far.root), { signal, keep, timeoutSeconds: 3 });
}

/** Whether the copies are exactly the volume's backups, byte for byte. */
export function isSame({ root, folder }: FarSide): boolean {
  const files = filesOf(root);
  const same = (path: string) => readFileSync(join(folder, path)).equals(readFileSync(join(root, path)));
  return isDeepStrictEqual(filesOf(folder), files) && files.every(same);
}

/** What runs of this process have left: copies of secrets, and programs. */
export function leftovers(): readonly string[] {
  const mark = `delivery-off-site-${process.pid}-`;
  const programs = commandLines();
  return [...readdirSync(tmpdir()), ...programs].filter((text) => text.includes(mark));
}

/** Puts a backup into tiers of a volume, as hard links, with its manifest. Gives its name. */
export function addBackup(root: string, hour: number, bytes: number, ...tiers: readonly Tier[]): string {
  const content = randomBytes(bytes);
  const file = `backup-2026-11-23T${String(hour).padStart(2, '0')}:05:00Z-fragalysis.sql.zst`;
  const [home = 'hourly', ...others] = tiers;
  mkdirSync(join(root, home), { recursive: true });
  writeFileSync(join(root, home, file), content);
  writeFileSync(join(root, home, `${file}.json`), formatManifest(manifestOf(file, content)));
  for (const tier of others) {
    mkdirSync(join(root, tier), { recursive: true });
    for (const name of [file, `${file}.json`]) linkSync(join(root, home, name), join(root, tier, name));
  }
  return file;
}

export function removeBackup(root: string, tier: Tier, file: string): void {
  for (const name of [file, `${file}.json`]) rmSync(join(root, tier, name));
}

/** Paths of the backups and manifests below a folder, sorted. */
export function filesOf(root: string): readonly string[] {
  return allFiles(root).filter((path) => /^\w+\/backup-[^/]+(?:\.zst|\.json)$/.test(path));
}

/** Paths of all files below a folder, sorted. */
export function allFiles(root: string): readonly string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.filter((path) => statSync(join(root, path)).isFile()).sort();
}

function manifestOf(file: string, content: Buffer): BackupManifest {
  const at = '2026-11-23T07:05:00.000Z';
  return {
    ...{ version: 1, file, origin: 'dump', manual: false, database: 'fragalysis', bytes: content.length },
    ...{ plainBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
    ...{ startedAt: at, snapshotAt: at, endedAt: at, tools: {}, server: { product: 'MariaDB', version: '10.11' } },
    ...{
      characterSet: 'utf8mb4',
      collation: 'utf8mb4_general_ci',
      tables: [],
      views: [],
      routines: [],
      triggers: [],
      events: [],
    },
  };
}
