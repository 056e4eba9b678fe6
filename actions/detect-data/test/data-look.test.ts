import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataRoot } from '@delivery/core/adapters/data-directory';
import { parseDataListing } from '@delivery/core/domain/data-listing';
import { parse } from 'yaml';

const manifest = parse(
  readFileSync(join(import.meta.dirname, '../../../deploy/components/data-look/data-look.yaml'), 'utf8'),
) as Manifest;
const { template } = manifest.spec.jobTemplate.spec;
const container = template.spec.containers[0]!;

interface Manifest {
  readonly spec: {
    readonly suspend: boolean;
    readonly jobTemplate: { readonly spec: { readonly template: Template } };
  };
}

interface Template {
  readonly spec: {
    readonly containers: readonly {
      readonly command: readonly string[];
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string }[];
    }[];
  };
}

const shells = [
  ['sh', []],
  ['busybox', ['sh']],
].filter(([shell]) => spawnSync('which', [shell as string]).status === 0) as [string, string[]][];

// root may look into everything.
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

describe.each(shells)('the script of the example CronJob, by %s', (shell, before) => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'data look '));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const make = (name: string, files: Readonly<Record<string, string>> = {}) => {
    mkdirSync(join(dir, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, name, file), text);
  };
  const look = (root = dir, user: { uid?: number; gid?: number } = {}) => {
    const args = [...before, '-c', ...container.args];
    const ran = spawnSync(shell, args, {
      env: { PATH: process.env['PATH'], DATA_ROOT: root },
      encoding: 'utf8',
      ...user,
    });
    return { code: ran.status, lines: ran.stdout.split('\n').slice(0, -1), errors: ran.stderr };
  };

  it('tells the same as the runner would see', async () => {
    make('2026-09-15T16', { READY: '', TARGET_LIST: 'NUDT7A, MURD\n' });
    make('2026-09-16T09', { READY: '', TARGET_LIST: '' });
    make('2026-09-16T10');
    make('2026-09-17T09/READY');
    make('2026-09-17T09/TARGET_LIST');
    make('2026-09-18T09');
    symlinkSync('../2026-09-15T16/READY', join(dir, '2026-09-18T09/READY'));
    symlinkSync('/nowhere', join(dir, '2026-09-18T09/TARGET_LIST'));
    symlinkSync('2026-09-15T16', join(dir, '2026-09-19T09'));
    symlinkSync('/nowhere', join(dir, '2026-09-19T10'));
    writeFileSync(join(dir, '2026-09-20T09'), 'a file');
    make('2026-09-31T09');
    for (const name of ['2026-09-21T09\nend 0', '\n', '-n', '2026-09-21T09 ', '*', 'README', '2026-9-15T16'])
      make(name);
    const { code, lines, errors } = look();
    expect([code, errors]).toEqual([0, '']);
    const read = parseDataListing(lines);
    const seen = await openDataRoot(dir).list(new AbortController().signal);
    const sorted = seen!.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(read).toEqual({ directories: sorted });
    expect(sorted.map(({ name }) => name)).toHaveLength(9);
  });

  it('tells that there is nothing', () => {
    expect(look().lines).toEqual(['end 0']);
  });

  it('fails, rather than leave it out, where it may not look into a directory', () => {
    make('2026-09-15T16', { READY: '', TARGET_LIST: 'A' });
    make('2026-09-01T08', { READY: '', TARGET_LIST: 'A' });
    chmodSync(dir, 0o755);
    chmodSync(join(dir, '2026-09-15T16'), 0o000);
    const { code, lines, errors } = look(dir, nobody);
    expect([code, lines.at(-1)]).not.toEqual([0, 'end 2']);
    expect([code, errors]).toEqual([1, expect.stringContaining('2026-09-15T16 may not be looked into') as string]);
    chmodSync(dir, 0o311);
    expect(look(dir, nobody)).toMatchObject({ code: 1, lines: [] });
    for (const path of [dir, join(dir, '2026-09-15T16')]) chmodSync(path, 0o755);
  });

  it('fails where there is no root', () => {
    expect(look(join(dir, 'missing'))).toMatchObject({ code: 1, lines: [] });
  });
});

it('is a template that never runs by itself and has one container', () => {
  expect(manifest.spec.suspend).toBe(true);
  expect(template.spec.containers).toHaveLength(1);
  expect(container.command).toEqual(['/bin/sh', '-c']);
  expect(container.env.map(({ name }) => name)).toEqual(['DATA_ROOT']);
});
