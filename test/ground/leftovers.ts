/** `node leftovers.ts` prints what a ground could leave on the host; the tests compare the values of before and after. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, run } from './commands.ts';
import { hostPorts } from './host-ports.ts';
import { ownProcesses } from './namespaces.ts';
import { cgroup, runDir } from './settings.ts';

/** Facts of the host by kind, each sorted. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

const sysctlFolders = ['vm', 'kernel', 'kernel/keys', 'fs/inotify', 'net/ipv4', 'net/ipv4/conf/all', 'net/bridge'];

export async function takeSnapshot(): Promise<Snapshot> {
  const facts: Record<string, string[]> = {
    processes: processes(),
    mounts: lines(readFileSync('/proc/self/mountinfo', 'utf8')).map((line) => line.split(' ').slice(3, 5).join(' ')),
    cgroups: cgroups(),
    interfaces: readdirSync('/sys/class/net'),
    'network namespaces': existsSync('/run/netns') ? readdirSync('/run/netns') : [],
    routes: [...(await linesOf('ip', ['route', 'show', 'table', 'all'])), ...(await linesOf('ip', ['rule']))],
    nftables: await linesOf('nft', ['--stateless', 'list', 'ruleset']),
    'listening ports': listeningPorts(),
    sysctls: sysctls(),
    files: existsSync(runDir) ? [runDir] : [],
  };
  return Object.fromEntries(Object.entries(facts).map(([kind, values]) => [kind, values.sort()]));
}

/** What is there after and was not before, or was and is not; empty when nothing differs. */
export function difference(before: Snapshot, after: Snapshot): string[] {
  return Object.keys({ ...before, ...after }).flatMap((kind) => {
    const [old, now] = [before[kind] ?? [], after[kind] ?? []];
    return [
      ...now.filter((value) => !old.includes(value)).map((value) => `${kind}: new: ${value}`),
      ...old.filter((value) => !now.includes(value)).map((value) => `${kind}: gone: ${value}`),
    ];
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

async function linesOf(program: string, args: readonly string[]): Promise<string[]> {
  return findProgram(program) === undefined ? [] : lines(await run(program, args));
}

/** Those that the ground has started, whose command names its run directory, or that live in its cgroup. */
function processes(): string[] {
  const own = ownProcesses();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => own.includes(Number(pid)) || tellsOfGround(pid))
    .map((pid) => `${pid} ${readOr(`/proc/${pid}/comm`).trim()}`);
}

function tellsOfGround(pid: string): boolean {
  return readOr(`/proc/${pid}/cmdline`).includes(runDir) || readOr(`/proc/${pid}/cgroup`).includes(`/${cgroup}`);
}

/** The upper two levels of every hierarchy; sessions of the machine come and go below. */
function cgroups(): string[] {
  const folders = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name));
  const top = folders('/sys/fs/cgroup');
  return existsSync('/sys/fs/cgroup/cgroup.controllers') ? top : [...top, ...top.flatMap(folders)];
}

/** Those of the ground's ports that somebody listens on (state 0A of /proc/net/tcp). */
function listeningPorts(): string[] {
  return lines(readFileSync('/proc/net/tcp', 'utf8'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => parseInt(local.split(':')[1] ?? '', 16))
    .filter((port) => hostPorts.includes(port))
    .map(String);
}

/** Settings that can be written; readings that change by themselves cannot, but for the random ones. */
function sysctls(): string[] {
  return sysctlFolders
    .map((folder) => `/proc/sys/${folder}`)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
      return files.map(({ name }) => join(folder, name));
    })
    .filter((file) => !/(random|ns_last_pid|cad_pid|drop_caches|compact_memory|stat_refresh|route\/flush)/.test(file))
    .map((file) => `${file}=${readOr(file).trim()}`);
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // gone meanwhile, or write-only
  }
}

if (import.meta.main) console.log(JSON.stringify(await takeSnapshot(), undefined, 2));
