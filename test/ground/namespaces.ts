import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GroundError, run, until } from './commands.ts';
import { cgroup, logDir, marker, network, runDir } from './settings.ts';

/** Global settings of the kernel that the node agent changes. */
const sysctls = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];
const savedSysctls = join(runDir, 'sysctls.json');

/** Daemons get nothing of the caller's environment: docker-registry, for one, reads every REGISTRY_* as its configuration. */
const bareEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  [marker.name]: marker.value,
};

export interface Daemon {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Namespaces of network, mounts and processes. Whoever kills their first process ends all that runs inside. */
export class Namespaces {
  /** The first process inside, as the host sees it. */
  readonly #init: number;

  private constructor(init: number) {
    this.#init = init;
  }

  static async create(): Promise<Namespaces> {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    const saved = sysctls.map((name) => [name, readFileSync(`/proc/sys/${name}`, 'utf8').trim()]);
    writeFileSync(savedSysctls, JSON.stringify(Object.fromEntries(saved)));
    const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
    const script = [join(import.meta.dirname, 'inside.sh'), runDir, network.nodeIp, cgroup];
    const outer = launch('namespaces', 'unshare', [...unshare, 'bash', ...script]);
    let init = 0;
    await until(
      'the namespaces are ready',
      10_000,
      () => {
        init = firstChild(outer);
        return init > 0 && existsSync(`/proc/${init}/root/run/ground-ready`);
      },
      () => (existsSync(`/proc/${outer}/task`) ? undefined : logTail('namespaces')),
    );
    return new Namespaces(init);
  }

  /** Starts a daemon inside; it writes to a file of its name in the log directory. */
  start({ name, command, args }: Daemon): void {
    launch(name, 'nsenter', [...this.#enter(), command, ...args]);
  }

  /** Runs a program inside to its end. */
  run(command: string, args: readonly string[]): Promise<string> {
    return run('nsenter', [...this.#enter(), command, ...args]);
  }

  /** Connects ports of the host's loopback with addresses inside. */
  forward(kube: string, routes: readonly { port: number; to: string }[]): void {
    const pairs = routes.map(({ port, to }) => `127.0.0.1:${port}=${to}`);
    launch('forward', kube, ['forward', String(this.#init), ...pairs]);
  }

  #enter(): string[] {
    return ['--target', String(this.#init), '--net', '--mount', '--pid', '--'];
  }
}

/** Starts a process that outlives this one and gives its id. */
function launch(name: string, command: string, args: readonly string[]): number {
  const log = openSync(join(logDir, `${name}.log`), 'a', 0o600);
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: bareEnvironment, cwd: '/' });
  child.on('error', (cause) => console.error(`${command} could not be started: ${cause.message}`));
  child.unref();
  closeSync(log);
  if (child.pid === undefined) throw new GroundError(`${command} could not be started`);
  return child.pid;
}

function firstChild(pid: number): number {
  try {
    return parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}

/** The last lines that a daemon wrote. */
function logTail(name: string): string {
  const file = join(logDir, `${name}.log`);
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim().slice(-1500) : 'it has written nothing';
  return `${name} says (${file}):\n${text}`;
}

/** For `catch`: adds what the daemon wrote. */
export function explain(daemon: string): (cause: unknown) => never {
  return (cause) => {
    throw new GroundError(logTail(daemon), { cause });
  };
}

/** Every process that this program has started for the ground: those whose environment carries the marker. */
export function ownProcesses(): number[] {
  const mark = `${marker.name}=${marker.value}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

/** Ends all processes of the ground, removes its cgroups and restores the kernel's settings. */
export async function endProcesses(): Promise<void> {
  await until('the processes of the ground end', 20_000, () => {
    const own = ownProcesses();
    own.forEach(kill);
    return own.length === 0;
  });
  await until('the cgroups of the ground are empty', 20_000, removeCgroups);
  restoreSysctls();
}

/** Unmounts what is below the run directory and removes it. */
export async function removeFiles(): Promise<void> {
  for (const target of mountsBelow(runDir)) await run('umount', [target]);
  await rm(runDir, { recursive: true, force: true });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The ground's cgroup in every hierarchy that has it. */
function cgroupFolders(): string[] {
  const top = '/sys/fs/cgroup';
  const hierarchies = readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [top, ...hierarchies.map(({ name }) => join(top, name))]
    .map((folder) => join(folder, cgroup))
    .filter((folder) => existsSync(folder));
}

/** False while one of them still holds a process. */
function removeCgroups(): boolean {
  return cgroupFolders().every(removeTree);
}

function removeTree(folder: string): boolean {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    if (!inner.every(({ name }) => removeTree(join(folder, name)))) return false;
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true;
    if (isCode(error, 'EBUSY')) return false;
    throw error;
  }
}

function restoreSysctls(): void {
  if (!existsSync(savedSysctls)) return;
  const saved = JSON.parse(readFileSync(savedSysctls, 'utf8')) as Record<string, string>;
  for (const [name, value] of Object.entries(saved)) writeFileSync(`/proc/sys/${name}`, value);
}

/** Mount points at or below a folder, the innermost first. */
function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4]?.replace(/\\040/g, ' ') ?? '')
    .filter((target) => target === folder || target.startsWith(`${folder}/`))
    .reverse();
}
