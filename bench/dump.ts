// node --conditions=source bench/dump.ts [MEGABYTES…] : the backup program beside the shell's pipes, in one run. See docs/benchmarks.md.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { childrenOf, readOrNothing } from '@delivery/testing/process-files';
import { richDatabase } from '@delivery/testing/rich-database';
import { startDump } from '../packages/backup/src/backup/dump-pipe.ts';
import { dumpCommand, packerOf, readDumpProgram } from '../packages/backup/src/backup/dump-program.ts';
import { writeOptionFile } from '../packages/backup/src/option-file.ts';
import { median } from './measure.ts';

const MiB = 1024 * 1024;
const { signal } = new AbortController();
const run = promisify(execFile);
const bundle = join(mkdtempSync(join(tmpdir(), 'bench-dump-')), 'index.mjs');

interface Scene {
  readonly server: DatabaseServer;
  readonly folder: string;
  readonly optionFile: string;
}

/** Milliseconds of each way, by its name. */
type Times = Map<string, number[]>;

/** What the program does between the database and the volume: dump, zstd -3, SHA-256, fsync. */
async function ownPipe({ folder, optionFile }: Scene): Promise<void> {
  const program = await readDumpProgram('mariadb-dump', signal);
  const path = join(folder, 'own');
  const { written } = await startDump([dumpCommand(program, optionFile, 'stack'), packerOf('zst')], path, signal);
  const { ends } = await written;
  if (ends.some(({ exitCode }) => exitCode !== 0)) throw new Error(JSON.stringify(ends));
}

/** The same dump by a shell; `sync` as the program does. */
function shellPipe(packer: string): (scene: Scene) => Promise<void> {
  return async ({ folder, optionFile }) => {
    const { command, args } = dumpCommand(await readDumpProgram('mariadb-dump', signal), optionFile, 'stack');
    const path = join(folder, 'shell');
    const script = `set -o pipefail; ${[command, ...args].join(' ')} | ${packer} > ${path} && sync ${path}`;
    await run('bash', ['-c', script]);
  };
}

/** The whole program: lock, snapshot, dump, checksums of every table, reading back, placing. Gives MiB of memory, all processes together. */
async function wholeProgram({ server, folder }: Scene): Promise<{ all: number; node: number }> {
  const root = join(folder, 'volume');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const own = { MSHOST: server.host, MSPORT: String(server.port), MSUSER: 'root', MSPASS: server.rootPassword };
  const env = { ...process.env, ...own, MSDATABASE: 'stack', BACKUP_ROOT: root };
  const child = spawn(process.execPath, [bundle, 'backup'], { env });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  let [all, node] = [0, 0];
  const sampler = setInterval(() => {
    const family = [child.pid ?? 0, ...childrenOf(child.pid ?? 0)];
    all = Math.max(
      all,
      family.map(residentOf).reduce((sum, each) => sum + each, 0),
    );
    node = Math.max(node, residentOf(child.pid ?? 0));
  }, 20);
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(sampler);
  if (code !== 0) throw new Error(output);
  return { all, node };
}

/** MiB. */
function residentOf(pid: number): number {
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return Number(kibibytes) / 1024;
}

async function timed(times: Times, name: string, act: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await act();
  times.set(name, [...(times.get(name) ?? []), performance.now() - start]);
}

async function compare(scene: Scene, runs: number): Promise<void> {
  const times: Times = new Map();
  let memory = { all: 0, node: 0 };
  for (let turn = 0; turn < runs; turn += 1) {
    await timed(times, 'mariadb-dump | zstd -3', () => shellPipe('zstd -3 -q -c')(scene));
    await timed(times, 'this suite: dump, zstd, SHA-256', () => ownPipe(scene));
    rmSync(join(scene.folder, 'own'));
    await timed(times, 'mariadb-dump | gzip', () => shellPipe('gzip -c')(scene));
    await timed(times, 'this suite: whole backup, verified', async () => {
      memory = await wholeProgram(scene);
    });
  }
  // On a machine that others use as well, the best of several runs is nearer to the truth than their median.
  const [zstd = [], , gzip = []] = [...times.values()];
  for (const [name, own] of times) {
    const ratio = (base: readonly number[]) =>
      `${(median(own) / median(base)).toFixed(2)} (best ${(Math.min(...own) / Math.min(...base)).toFixed(2)})`;
    const seconds = (median(own) / 1000).toFixed(2).padStart(7);
    console.log(`${name.padEnd(36)} ${seconds} s  ${ratio(zstd)} x zstd  ${ratio(gzip)} x gzip`);
  }
  console.log(`memory of the whole backup: ${memory.all.toFixed(0)} MiB, of it node ${memory.node.toFixed(0)} MiB`);
}

async function fill(server: DatabaseServer, megabytes: number): Promise<void> {
  const end = '\u0001';
  const statements = [...richDatabase({ product: 'MariaDB', megabytes })].join(`${end}\n`);
  await server.run('CREATE DATABASE stack CHARACTER SET utf8mb4');
  await server.run(`DELIMITER ${end}\n${statements}${end}\n`, 'stack');
}

/** As the image has it, without the licences. */
async function bundleProgram(): Promise<void> {
  const banner = `import { createRequire as from } from 'node:module'; const require = from(import.meta.url);`;
  await build({
    ...{ entryPoints: ['packages/backup/src/main.ts'], outfile: bundle, bundle: true, minify: true },
    ...{ platform: 'node', format: 'esm', target: 'node18', conditions: ['source'], banner: { js: banner } },
  });
}

await bundleProgram();
for (const megabytes of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [200]) {
  const config = { 'innodb-buffer-pool-size': '1G', 'max-allowed-packet': '1G' };
  const server = await startServer('mariadb-10.11', { config });
  const folder = mkdtempSync(join(tmpdir(), 'bench-dump-'));
  const { host, port, rootPassword: password } = server;
  const options = await writeOptionFile({ host, port, user: 'root', password, database: 'stack' });
  try {
    await fill(server, megabytes);
    console.log(`\n${megabytes} MB, median of ${megabytes > 1000 ? 1 : 5}, taking turns`);
    await compare({ server, folder, optionFile: options.path }, megabytes > 1000 ? 1 : 5);
    const [file = ''] = readdirSync(join(folder, 'volume/hourly')).filter((name) => name.endsWith('.zst'));
    console.log(`the backup has ${(statSync(join(folder, 'volume/hourly', file)).size / MiB).toFixed(1)} MiB`);
  } finally {
    await options.remove();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
rmSync(dirname(bundle), { recursive: true });
