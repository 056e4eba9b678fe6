import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { cached } from '../test/ground/cache.ts';
import { findProgram, run } from '../test/ground/commands.ts';
import type { Side } from './scene.ts';

/** What is asked of every program, in its own words: the arguments of one command. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly copy: (from: Side, to: Side) => readonly string[];
  /** Another tag in the same repository. */
  readonly retag: Program['copy'];
  /** `copy` where it may be done already. */
  readonly again: (from: Side, to: Side) => readonly string[];
  readonly listTags: (side: Side) => readonly string[];
}

export const versions = { crane: 'v0.22.1', regctl: 'v0.11.7' } as const;

const modules = {
  crane: 'github.com/google/go-containerregistry/cmd/crane',
  regctl: 'github.com/regclient/regclient/cmd/regctl',
} as const;

/** This suite's own, and those it is compared with; skopeo is left out where Debian's package is not installed. */
export async function programs(folder: string): Promise<readonly Program[]> {
  const crane = join(await install('crane'), 'crane');
  const regctl = join(await install('regctl'), 'regctl');
  const skopeo = findProgram('skopeo');
  if (skopeo === undefined) console.log('skopeo is not installed (apt-get install skopeo): left out');
  return [
    ownProgram(await bundle(folder)),
    regctlProgram('regctl', regctl, []),
    regctlProgram('regctl, whole', regctl, ['--referrers', '--digest-tags']),
    craneProgram(crane),
    ...(skopeo === undefined ? [] : [skopeoProgram(skopeo)]),
  ];
}

function ownProgram(bundled: string): Program {
  const job = (kind: string) => (from: Side, to: Side) => [bundled, JSON.stringify({ kind, from, to })];
  const listTags = (side: Side) => job('list')(side, side);
  return {
    name: 'this suite',
    file: process.execPath,
    copy: job('copy'),
    retag: job('copy'),
    again: job('deliver'),
    listTags,
  };
}

function peer(name: string, file: string, copy: Program['copy'], listTags: Program['listTags']): Program {
  return { name, file, copy, retag: copy, again: copy, listTags };
}

function craneProgram(file: string): Program {
  const copy: Program['copy'] = (from, to) => ['copy', imageOf(from), imageOf(to)];
  const retag: Program['copy'] = (from, to) => ['tag', imageOf(from), to.tag];
  return { ...peer('crane', file, copy, (side) => ['ls', nameOf(side)]), retag };
}

function regctlProgram(name: string, file: string, options: readonly string[]): Program {
  return peer(
    name,
    file,
    (from, to) => ['image', 'copy', ...options, ...plainHttp(from, to), imageOf(from), imageOf(to)],
    (side) => ['tag', 'ls', ...plainHttp(side), nameOf(side)],
  );
}

function skopeoProgram(file: string): Program {
  const options = ['--all', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false'];
  return peer(
    'skopeo',
    file,
    (from, to) => ['copy', ...options, `docker://${imageOf(from)}`, `docker://${imageOf(to)}`],
    (side) => ['list-tags', '--tls-verify=false', `docker://${nameOf(side)}`],
  );
}

/** Built as dist is, so that it starts as fast. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'own.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'own.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'error',
  });
  return outfile;
}

async function install(name: keyof typeof modules): Promise<string> {
  return cached(`bench-${name}`, versions[name], async (dir, note) => {
    const go = findProgram('go', ['/usr/local/go/bin']);
    if (go === undefined) throw new Error(`Go is missing: it builds ${name}`);
    await run(go, ['install', '-trimpath', '-ldflags', '-s -w', `${modules[name]}@${versions[name]}`], {
      env: { GOBIN: dir, CGO_ENABLED: '0' },
      onLine: note,
    });
  });
}

/** A home without logins and settings, so that nothing of this machine's is used or changed. */
export function emptyHome(): { readonly env: Readonly<Record<string, string>> } & Disposable {
  const home = mkdtempSync(join(tmpdir(), 'bench-home-'));
  const authFile = join(home, 'auth.json');
  writeFileSync(authFile, '{}');
  const env = {
    HOME: home,
    // skopeo remembers below HOME then what it has seen where, and not below /var.
    _CONTAINERS_ROOTLESS_UID: '1000',
    DOCKER_CONFIG: home,
    REGCTL_CONFIG: join(home, 'regctl.json'),
    REGISTRY_AUTH_FILE: authFile,
  };
  return { env, [Symbol.dispose]: () => rmSync(home, { recursive: true }) };
}

const nameOf = ({ host, path }: Side) => `${host}/${path}`;
const imageOf = (side: Side) => `${nameOf(side)}:${side.tag}`;
const plainHttp = (...sides: readonly Side[]) =>
  [...new Set(sides.map(({ host }) => host))].flatMap((host) => ['--host', `reg=${host},tls=disabled`]);
