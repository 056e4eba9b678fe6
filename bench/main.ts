// npm run bench [-- CASE…] : this suite beside crane, regctl and skopeo, in one run on one machine. See docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryProxy } from '../test/road/registry-proxy.ts';
import { measure, median } from './measure.ts';
import type { Program } from './programs.ts';
import { emptyHome, programs, versions } from './programs.ts';
import type { Side } from './scene.ts';
import { BenchRegistry } from './scene.ts';

const MiB = 1024 * 1024;

/** What is done; times are of `runs` runs, the programs taking turns. */
interface Case {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly layers: readonly number[];
  /** From one registry to another; else within one. */
  readonly isBetween?: boolean;
  readonly command: 'copy' | 'retag' | 'again' | 'listTags';
  /** The tags of the source, said to be known. */
  readonly tags?: readonly string[];
  /** What is measured is the second time. */
  readonly isRepeat?: boolean;
  readonly tagCount?: number;
  readonly only?: readonly string[];
}

const ten = Array.from({ length: 10 }, () => 10 * MiB);
const cases: readonly Case[] = [
  { name: 'retag', title: 'another tag in the same repository', runs: 9, layers: ten, command: 'retag' },
  { name: 'mount', title: 'copy within a registry, 10 layers', runs: 9, layers: ten, command: 'copy' },
  {
    name: 'mount-known',
    title: 'the same, the tags of the source known',
    runs: 9,
    layers: ten,
    command: 'copy',
    tags: ['latest-1'],
    only: ['this suite'],
  },
  {
    name: 'promote',
    title: 'the same as a promotion: look, copy, set, wait a second, read back',
    runs: 3,
    layers: ten,
    command: 'again',
    tags: ['latest-1'],
    only: ['this suite'],
  },
  { name: 'repeat', title: 'the same copy again', runs: 9, layers: ten, command: 'again', isRepeat: true },
  {
    name: 'between',
    title: 'copy between registries, 10 layers of 10 MiB',
    runs: 5,
    layers: ten,
    isBetween: true,
    command: 'copy',
  },
  {
    name: 'large',
    title: 'copy between registries, a layer of 1 GiB',
    runs: 3,
    layers: [1024 * MiB],
    isBetween: true,
    command: 'copy',
  },
  { name: 'tags', title: 'list 10,000 tags', runs: 5, layers: [1024], tagCount: 10_000, command: 'listTags' },
];

interface Row {
  readonly program: string;
  readonly requests: number;
  readonly writes: number;
  /** MiB that came from the source and went to the target. */
  readonly down: number;
  readonly up: number;
  readonly ms: number;
  readonly peakMiB: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  await main(process.argv.slice(2));
} finally {
  rmSync(folder, { recursive: true });
}

async function main(names: readonly string[]): Promise<void> {
  const [cpu] = cpus();
  console.log(`${cpus().length} x ${cpu?.model.trim() ?? ''}, Linux ${release()}, Node ${process.version}`);
  console.log(`regctl ${versions.regctl}, crane ${versions.crane}; registries: Debian's docker-registry`);
  await using source = await BenchRegistry.start(join(folder, 'source'));
  await using target = await BenchRegistry.start(join(folder, 'target'));
  const all = await programs(folder);
  for (const task of cases.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const path = `bench/${task.name}`;
    await source.push({ path, tag: 'latest-1' }, task.layers);
    if (task.tagCount !== undefined) await source.addTags({ path, tag: 'latest-1' }, task.tagCount);
    const chosen = all.filter(({ name }) => task.only?.includes(name) ?? true);
    print(task, await compare(task, chosen, source, target));
  }
}

/** Requests and bytes in a run through proxies; times and memory in others without. */
async function compare(
  task: Case,
  chosen: readonly Program[],
  source: BenchRegistry,
  target: BenchRegistry,
): Promise<readonly Row[]> {
  const hosts = { source: source.host, target: task.isBetween ? target.host : source.host };
  const counted = new Map<string, Omit<Row, 'ms' | 'peakMiB' | 'program'>>();
  for (const program of chosen) counted.set(program.name, await count(task, program, hosts));
  const runs = new Map(chosen.map(({ name }) => [name, [] as { ms: number; peakMiB: number }[]]));
  for (let round = 0; round < task.runs; round++) {
    for (const program of chosen) {
      const sides = sidesOf(task, `${slug(program)}-${round}`, hosts);
      runs.get(program.name)?.push(await runTask(task, program, sides));
    }
  }
  return chosen.map(({ name }) => {
    const own = runs.get(name) ?? [];
    const peakMiB = Math.max(...own.map((measured) => measured.peakMiB));
    const none = { requests: 0, writes: 0, down: 0, up: 0 };
    return { program: name, ...(counted.get(name) ?? none), ms: median(own.map(({ ms }) => ms)), peakMiB };
  });
}

async function count(task: Case, program: Program, hosts: { readonly source: string; readonly target: string }) {
  await using from = await RegistryProxy.start({ target: hosts.source });
  await using to = await RegistryProxy.start({ target: hosts.target });
  const sides = sidesOf(task, `${slug(program)}-counted`, {
    source: from.host,
    target: task.isBetween ? to.host : from.host,
  });
  await runTask(task, program, sides, () => {
    from.clear();
    to.clear();
  });
  const requests = [...from.requests, ...to.requests];
  const sum = (side: 'sent' | 'received') => requests.reduce((all, passed) => all + passed[side], 0) / MiB;
  const writes = requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length;
  return { requests: requests.length, writes, down: sum('sent'), up: sum('received') };
}

interface Sides {
  readonly from: Side;
  readonly to: Side;
}

function sidesOf(task: Case, run: string, hosts: { readonly source: string; readonly target: string }): Sides {
  const path = `bench/${task.name}`;
  const from = { host: hosts.source, path, tag: 'latest-1', ...(task.tags && { tags: task.tags }) };
  const to =
    task.command === 'retag'
      ? { ...from, tag: `stable-${run}` }
      : { host: hosts.target, path: `${path}-${run}`, tag: 'stable' };
  return { from, to };
}

async function runTask(task: Case, program: Program, { from, to }: Sides, before: () => void = () => undefined) {
  using home = emptyHome();
  const args = program[task.command](from, to);
  if (task.isRepeat) await measure(program.file, args, home.env);
  before();
  return await measure(program.file, args, home.env);
}

function print({ name, title, runs }: Case, rows: readonly Row[]): void {
  const own = rows[0];
  console.log(`\n${name}: ${title} (median of ${runs})\n`);
  console.log('| program | requests | of them writes | MiB down | MiB up | ms | this suite / it | peak MiB |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const { program, requests, writes, down, up, ms, peakMiB } of rows) {
    const ratio = own && own.program !== program ? (own.ms / ms).toFixed(2) : '';
    const bytes = [down, up].map((mib) => mib.toFixed(1));
    console.log(`| ${[program, requests, writes, ...bytes, Math.round(ms), ratio, Math.round(peakMiB)].join(' | ')} |`);
  }
}

function slug({ name }: Program): string {
  return name.replace(/\W+/g, '-');
}
