import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readDeliveryFile } from '../../src/adapters/delivery-file.ts';
import { InputError } from '../../src/errors/errors.ts';

const good = 'images:\n  web:\n    repository: registry.example.org/dev/web\n';
let base: string;
let workspace: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'delivery-file-'));
  workspace = join(base, 'checkout');
  mkdirSync(workspace);
});

afterEach(() => {
  rmSync(base, { recursive: true });
});

function write(path: string, content: string | Buffer = good): void {
  const file = join(workspace, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

async function refusal(config: string): Promise<string> {
  const error: unknown = await readDeliveryFile(workspace, config).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InputError)) throw new Error('no InputError was thrown', { cause: error });
  return error.message;
}

test('reads .github/delivery.yaml when input config is not given', async () => {
  write('.github/delivery.yaml');
  expect(Object.keys((await readDeliveryFile(workspace, '')).images)).toEqual(['web']);
});

test.each(['deploy/stack.yaml', './deploy/../deploy/stack.yaml'])(
  'reads the file that config names: %s',
  async (config) => {
    write('deploy/stack.yaml');
    expect(Object.keys((await readDeliveryFile(workspace, config)).images)).toEqual(['web']);
  },
);

test('reads a file by its full path inside the checkout, and a checkout that is itself a link', async () => {
  write('deploy/stack.yaml');
  symlinkSync(workspace, join(base, 'link'));
  const topology = await readDeliveryFile(join(base, 'link'), 'deploy/stack.yaml');
  expect(Object.keys(topology.images)).toEqual(['web']);
  expect(await readDeliveryFile(workspace, join(workspace, 'deploy/stack.yaml'))).toEqual(topology);
});

test('names the file, relative to the checkout, in every problem', async () => {
  write('deploy/stack.yaml', 'images: {}\n');
  expect(await refusal('./deploy/stack.yaml')).toBe('deploy/stack.yaml:1:9: images: is empty: give at least one image');
});

test('says what to do when there is no file', async () => {
  expect(await refusal('')).toMatch(/^config: "\.github\/delivery\.yaml" does not exist: .*docs\/delivery-file\.md/);
  write('file');
  expect(await refusal('file/delivery.yaml')).toContain('does not exist');
});

test.each(['../secret.yaml', 'a/../../secret.yaml', '/etc/hostname', '..'])(
  'never leaves the checkout by %s',
  async (config) => {
    writeFileSync(join(base, 'secret.yaml'), good);
    expect(await refusal(config)).toContain('lies outside the checkout');
  },
);

test('never leaves the checkout by a link, to a file or of a folder', async () => {
  writeFileSync(join(base, 'secret.yaml'), good);
  symlinkSync('../secret.yaml', join(workspace, 'link.yaml'));
  symlinkSync('..', join(workspace, 'folder'));
  expect(await refusal('link.yaml')).toContain('a link that leads out of the checkout');
  expect(await refusal('folder/secret.yaml')).toContain('a link that leads out of the checkout');
});

test('a name that begins with two dots is a name like any other', async () => {
  write('..delivery.yaml');
  expect(Object.keys((await readDeliveryFile(workspace, '..delivery.yaml')).images)).toEqual(['web']);
});

test('follows a link inside the checkout', async () => {
  write('stack.yaml');
  symlinkSync('stack.yaml', join(workspace, 'link.yaml'));
  expect(Object.keys((await readDeliveryFile(workspace, 'link.yaml')).images)).toEqual(['web']);
});

test('refuses links that lead to each other', async () => {
  symlinkSync('b.yaml', join(workspace, 'a.yaml'));
  symlinkSync('a.yaml', join(workspace, 'b.yaml'));
  expect(await refusal('a.yaml')).toContain('cannot be read (ELOOP)');
});

test('reads 256 KiB and refuses a byte more', async () => {
  const filled = (bytes: number) => `${good}#${'x'.repeat(bytes - good.length - 1)}`;
  write('full.yaml', filled(256 * 1024));
  write('larger.yaml', filled(256 * 1024 + 1));
  expect(Object.keys((await readDeliveryFile(workspace, 'full.yaml')).images)).toEqual(['web']);
  expect(await refusal('larger.yaml')).toBe('config: "larger.yaml" is larger than 256 KiB');
});

test('refuses what is no UTF-8', async () => {
  write('latin1.yaml', Buffer.from([0x23, 0xe9, 0x0a]));
  expect(await refusal('latin1.yaml')).toBe('config: "latin1.yaml" is no text in UTF-8');
});

test('refuses a folder, and a pipe without waiting for it', async () => {
  write('folder/delivery.yaml');
  execFileSync('mkfifo', [join(workspace, 'pipe')]);
  expect(await refusal('folder')).toBe('config: "folder" is not a file');
  expect(await refusal('pipe')).toBe('config: "pipe" is not a file');
});
