import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessWatch } from '@delivery/testing/off-site-servers/process-watch';
import { watchProcesses } from '@delivery/testing/off-site-servers/process-watch';
import type { FarSide } from './off-site-ground.ts';
import {
  addBackup,
  allFiles,
  daemonSide,
  filesOf,
  isSame,
  leftovers,
  send,
  sshSide,
  writeSecrets,
} from './off-site-ground.ts';

const MiB = 1024 * 1024;
let far: FarSide;

async function begin(started: Promise<FarSide>): Promise<void> {
  far = await started;
  addBackup(far.root, 6, MiB / 4, 'hourly', 'daily');
  addBackup(far.root, 7, MiB / 2, 'hourly');
}

afterEach(async () => {
  await far.stop();
  rmSync(far.dir, { recursive: true });
  expect(leftovers()).toEqual([]);
});

describe.each([
  ['an rsync daemon', () => daemonSide()],
  ['ssh', () => sshSide()],
] as const)('copies by %s', (_, start) => {
  let watch: ProcessWatch;
  const secrets: string[] = [];
  const said: string[] = [];
  const run: typeof send = async (...args) => {
    const end = await send(...args);
    said.push(JSON.stringify(end));
    return end;
  };

  beforeAll(() => {
    watch = watchProcesses();
  });
  afterAll(() => watch.stop());
  beforeEach(async () => {
    await begin(start());
    secrets.push(far.secret);
  });

  test('everything wanted arrives, linked as here, and nothing else; a second run sends nothing twice', async () => {
    writeFileSync(join(far.root, 'hourly', '.backup-2026-11-23T08:05:00Z-fragalysis.sql.zst.partial'), 'half');
    writeFileSync(join(far.root, 'hourly', 'notes.txt'), 'mine');
    const end = await run(far);
    expect(end).toMatchObject({
      state: 'sent',
      said: '6 files are byte for byte on 127.0.0.1, 4 of them sent now',
      alarm: '',
    });
    expect(end.bytes / MiB).toBeCloseTo(0.75, 1);
    expect(isSame(far)).toBe(true);
    expect(allFiles(far.folder)).toEqual(filesOf(far.root));
    expect(statSync(join(far.folder, filesOf(far.folder)[0]!)).nlink).toBe(2);

    void far.proxy.limit(Infinity);
    expect(await run(far)).toMatchObject({
      state: 'sent',
      said: '6 files are byte for byte on 127.0.0.1, 0 of them sent now',
    });
    expect(far.proxy.sent()).toBeLessThan(0.05 * MiB);
  });

  test('a transfer that is cut leaves no file under its name, and the next run sends only the rest', async () => {
    const big = addBackup(far.root, 9, 16 * MiB, 'hourly');
    void far.proxy.limit(12 * MiB);
    const end = await run(far);
    expect(end).toMatchObject({ state: 'failed', said: expect.stringContaining('was cut') });
    expect(end.next).toContain('next run goes on');
    expect(existsSync(join(far.folder, 'hourly', big))).toBe(false);

    void far.proxy.limit(Infinity);
    expect(await run(far)).toMatchObject({ state: 'sent' });
    // What was on its way when the line was cut is lost; ssh has up to 2 MiB of it.
    expect(far.proxy.sent()).toBeLessThan(8 * MiB);
    expect(isSame(far)).toBe(true);
    expect(allFiles(far.folder)).toEqual(filesOf(far.root));
  });

  test('a secret that is refused, one that is missing and a server that is not there are told apart', async () => {
    const [file, text] = far.wrong;
    const hosts = join(far.settings.secrets, 'known-hosts');
    const known = existsSync(hosts) ? { 'known-hosts': readFileSync(hosts, 'utf8') } : {};
    const folder = writeSecrets(far.dir, { ...known, [file]: text });
    const refused = await run(far, { secrets: folder });
    expect(refused).toMatchObject({ state: 'failed', said: expect.stringContaining('does not take') });
    rmSync(join(folder, file));
    const missing = await run(far, { secrets: folder });
    expect(missing).toMatchObject({ state: 'failed', said: `${join(folder, file)} cannot be read` });
    await far.stop();
    expect(await run(far)).toMatchObject({
      state: 'failed',
      said: expect.stringContaining('nothing listens at 127.0.0.1'),
    });
    expect(existsSync(far.folder)).toBe(false);
  });

  test('a server that does not answer any more is given up', async () => {
    void far.proxy.limit(MiB / 2, 'stall');
    expect(await run(far)).toMatchObject({
      state: 'failed',
      said: expect.stringContaining('does not answer any more'),
    });
  });

  test('cancelling ends a transfer in its middle', async () => {
    const cancelled = new AbortController();
    const stalled = far.proxy.limit(MiB / 2, 'stall');
    const sending = expect(send(far, { signal: cancelled.signal })).rejects.toThrow('enough');
    await stalled;
    cancelled.abort(new Error('enough'));
    await sending;
    expect(filesOf(far.folder).some((path) => path.includes('T07'))).toBe(false);
  });

  test('of all these runs no secret was on a command line or in what is said', () => {
    const commands = [...watch.seen];
    expect(commands.some((line) => line.startsWith('rsync --') && line.includes('delivery-off-site-'))).toBe(true);
    expect(said.length).toBeGreaterThan(5);
    expect([...commands, ...said].filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  });
});

test.each([
  ['a module that is not there', {}, { path: 'copy/prod' }, 'has no module for copy/prod'],
  ['a folder whose parent is not there', {}, { path: 'copies/deep/er' }, 'the folder copies/deep/er on 127.0.0.1'],
  ['a module that may only be read', { lines: ['read only = yes'] }, {}, 'may only be read'],
  ['a module that refuses this client', { lines: ['hosts deny = *'] }, {}, 'does not let this client in'],
  [
    'a module that refuses to remove',
    { lines: ['refuse options = delete'] },
    {},
    'does not let this account remove anything',
  ],
  ['a disk that is full', { size: '400k' }, {}, 'there is no space left for copies/prod'],
] as const)('%s is named', async (_, options, settings, reason) => {
  await begin(daemonSide(options));
  const end = await send(far, settings);
  expect(end).toMatchObject({ state: 'failed', said: expect.stringContaining(reason) });
  expect(end.next).toMatch(/\.$/);
});
