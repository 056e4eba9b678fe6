import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataRoot } from '@delivery/core/adapters/data-directory';

const { signal } = new AbortController();

describe('the data where the runner sees it', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'data-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const make = (name: string, files: Readonly<Record<string, string>>) => {
    mkdirSync(join(dir, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, name, file), text);
  };
  const list = async (root = dir) => {
    const found = await openDataRoot(root).list(signal);
    return found?.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };

  it('is told as it is, links as links', async () => {
    make('2026-09-15T16', { READY: '', TARGET_LIST: 'A B\n' });
    make('2026-09-16T09', { TARGET_LIST: '' });
    make('2026-09-17T09/READY', {});
    mkdirSync(join(dir, '2026-09-17T09/TARGET_LIST'));
    make('2026-09-18T09', {});
    symlinkSync('../2026-09-15T16/READY', join(dir, '2026-09-18T09/READY'));
    symlinkSync('/nowhere', join(dir, '2026-09-18T09/TARGET_LIST'));
    symlinkSync('2026-09-15T16', join(dir, '2026-09-19T09'));
    writeFileSync(join(dir, '2026-09-20T09'), 'a file');
    make('2026-09-31T09', {});
    expect(await list()).toEqual([
      { name: '2026-09-15T16', type: 'directory', ready: 'file', targetList: 4 },
      { name: '2026-09-16T09', type: 'directory', ready: 'missing', targetList: 0 },
      { name: '2026-09-17T09', type: 'directory', ready: 'other', targetList: 'other' },
      { name: '2026-09-18T09', type: 'directory', ready: 'other', targetList: 'other' },
      { name: '2026-09-19T09', type: 'link', ready: 'missing', targetList: 'missing' },
      { name: '2026-09-20T09', type: 'other', ready: 'missing', targetList: 'missing' },
      { name: '2026-09-31T09', type: 'directory', ready: 'missing', targetList: 'missing' },
    ]);
  });

  it('passes over what is not named like it', async () => {
    for (const name of ['README', '2026-09-15', '2026-09-15T16.old', '2026-09-15T16\n', '2026-09-15T1x'])
      make(name, {});
    expect(await list()).toEqual([]);
  });

  it('may be reached through a link', async () => {
    make('data/2026-09-15T16', { READY: '', TARGET_LIST: 'A' });
    symlinkSync('data', join(dir, 'link'));
    expect(await list(join(dir, 'link'))).toHaveLength(1);
  });

  it('is not there when the root is missing, no directory, or a link to nowhere or to itself', async () => {
    writeFileSync(join(dir, 'file'), '');
    symlinkSync('nowhere', join(dir, 'link'));
    symlinkSync('loop', join(dir, 'loop'));
    for (const root of ['missing', 'file', 'link', 'loop']) expect(await list(join(dir, root))).toBeUndefined();
  });

  it('is refused when there are more entries than it may have', async () => {
    for (let index = 0; index < 3; index += 1) writeFileSync(join(dir, String(index)), '');
    expect(await openDataRoot(dir, 3).list(signal)).toEqual([]);
    writeFileSync(join(dir, 'one-more'), '');
    await expect(openDataRoot(dir, 3).list(signal)).rejects.toMatchObject({ code: 'data-root' });
  });

  it('is not looked at once it was cancelled', async () => {
    make('2026-09-15T16', {});
    const reason = new Error('cancelled');
    await expect(openDataRoot(dir).list(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
