import { certificate } from '@delivery/testing/certificate';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readAuthority } from '../../../src/adapters/cluster/oidc-authority.ts';

let workspace: string;

beforeEach(() => {
  workspace = mkdtempSync(path.join(tmpdir(), 'authority-'));
});

afterEach(() => rmSync(workspace, { recursive: true }));

function write(file: string, text: string): void {
  writeFileSync(path.join(workspace, file), text);
}

function read(certificateAuthority: string | undefined): string | undefined {
  return readAuthority({ name: 'here', server: 'https://localhost', certificateAuthority, audience: 'a' }, workspace);
}

const { cert, key } = certificate();

test('gives every certificate of the file, and nothing else that lies in it', () => {
  write('ca.pem', `# of the cluster\n${cert}${key}${cert}`);
  expect(read('ca.pem')).toBe(`${cert.trim()}\n${cert.trim()}\n`);
});

test('gives nothing where none is named', () => {
  expect(read(undefined)).toBeUndefined();
});

test.each([
  ['is not there', 'missing.pem', 'cannot be read'],
  ['is a folder', 'folder', 'is not a file'],
  ['is a link that leads out', 'link.pem', 'leads out of the checkout'],
  ['is too large', 'large.pem', 'is larger than 256 KiB'],
  ['holds no certificate', 'text.pem', 'does not hold certificates'],
  ['holds one that is none', 'broken.pem', 'does not hold certificates'],
])('is told when the file %s', (_, file, message) => {
  mkdirSync(path.join(workspace, 'folder'));
  symlinkSync('/etc/hostname', path.join(workspace, 'link.pem'));
  write('large.pem', 'x'.repeat(300_000));
  write('text.pem', 'secret text');
  write('broken.pem', `${cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
  const refused = () => read(file);
  expect(refused).toThrow(`clusters.here.certificateAuthority: "${file}"`);
  expect(refused).toThrow(message);
  expect(refused).not.toThrow('secret text');
});
