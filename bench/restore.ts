// node --conditions=source bench/restore.ts [MEGABYTES [ROUNDS [PART OF BLOBS]]] : a restore beside `zstd -dc | mariadb`, in turns, into the same server.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { DatabaseServer } from '@delivery/testing/database-servers/start';
import { startServer } from '@delivery/testing/database-servers/start';
import { readOrNothing } from '@delivery/testing/process-files';
import { bundleBackup } from '../scripts/dist/backup.ts';
import { fill, RestoreScene, target } from '../test/e2e/backup-restore-scene.ts';
import { median } from './measure.ts';

const [megabytes = 220, rounds = 3, blobs = 0.25] = process.argv.slice(2).map(Number);

interface Round {
  readonly stream: number;
  readonly load: number;
  readonly whole: number;
  readonly peakMiB: number;
}

/** Debian's, as in the image, where it is there. */
const node = existsSync('/usr/bin/node') ? '/usr/bin/node' : process.execPath;

const scene = new RestoreScene();
// As a server is set up by default: what is committed is on the disk.
const server = await startServer('mariadb-10.11', {
  config: { 'innodb-flush-log-at-trx-commit': '1', 'innodb-buffer-pool-size': '128M' },
});
try {
  await bundleBackup(join(import.meta.dirname, '..'), join(scene.folder, 'bundle'));
  await fill(server, 'stack', 'MariaDB', megabytes, blobs);
  const name = await scene.backUp(server, 'stack');
  await server.run('DROP DATABASE stack');
  console.log(
    `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${execFileSync(node, ['--version']).toString().trim()}, ${server.version}; ${megabytes} MB`,
  );
  const all: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const measured = { stream: await oneStream(server, name), ...(await restore(server)) };
    all.push(measured);
    console.log(`round ${round}: ${describe(measured)}; load average ${loadavg()[0]?.toFixed(1)}`);
  }
  const middle = (of: (round: Round) => number) => median(all.map(of));
  const [load, whole] = [middle((one) => one.load / one.stream), middle((one) => one.whole / one.stream)];
  console.log(
    `loading: ${load.toFixed(2)} x one stream (goal 0.70); verified, loaded, compared, swapped: ${whole.toFixed(2)} x`,
  );
  console.log(`peak memory ${Math.max(...all.map(({ peakMiB }) => peakMiB)).toFixed(0)} MiB (goal 200)`);
} finally {
  await server.stop();
  scene.remove();
}

/** Seconds of what one would do by hand. */
async function oneStream({ socket, rootPassword }: DatabaseServer, name: string): Promise<number> {
  await server.run('DROP DATABASE IF EXISTS by_hand; CREATE DATABASE by_hand CHARACTER SET utf8mb4');
  const client = `mariadb --no-defaults --socket=${socket} --user=root --comments --max-allowed-packet=1G by_hand`;
  const start = performance.now();
  execFileSync('bash', ['-c', `set -o pipefail; zstd -dc "$0" | ${client}`, join(scene.root, 'manual', name)], {
    env: { ...process.env, MYSQL_PWD: rootPassword },
  });
  const seconds = (performance.now() - start) / 1000;
  await server.run('DROP DATABASE by_hand');
  return seconds;
}

/** The program itself, with all that it does besides loading. */
async function restore(into: DatabaseServer): Promise<Omit<Round, 'stream'>> {
  const env = { PATH: process.env['PATH'] ?? '', TERMINATION_LOG: '/dev/null', ...scene.env(into) };
  const child = spawn(node, [join(scene.folder, 'bundle', 'index.js'), 'restore'], { env });
  let output = '';
  let peakMiB = 0;
  const look = setInterval(() => {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readOrNothing(`/proc/${child.pid ?? 0}/status`)) ?? [];
    peakMiB = Math.max(peakMiB, Number(kilobytes) / 1024);
  }, 100);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const start = performance.now();
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  if (!output.includes('\nequal: ')) throw new Error(output);
  const whole = (performance.now() - start) / 1000;
  const [, load = NaN] = /^load: .*\(([\d.]+) s\)$/m.exec(output) ?? [];
  await into.run(`DROP DATABASE ${target}`);
  return { load: Number(load), whole, peakMiB };
}

function describe({ stream, load, whole, peakMiB }: Round): string {
  const times = `one stream ${stream.toFixed(1)} s, loading ${load.toFixed(1)} s (${(load / stream).toFixed(2)})`;
  return `${times}, the whole restore ${whole.toFixed(1)} s (${(whole / stream).toFixed(2)}), ${peakMiB.toFixed(0)} MiB`;
}
