import { describeFailure } from '../../src/off-site/failures.ts';
import type { OffSiteSettings } from '../../src/off-site/settings.ts';

const settings: OffSiteSettings = {
  transport: 'ssh',
  host: 'copies.example.org',
  port: 2222,
  user: 'copier',
  path: '/srv/copies',
  secrets: '/offsite',
  prune: true,
};

function failure(stderrTail: string, exitCode: number | null = 255) {
  const { code, message, hint } = describeFailure(
    { command: 'rsync', exitCode, signal: exitCode === null ? 'SIGKILL' : null, stderrTail },
    settings,
  );
  return { code, message, hint };
}

// Each text is what the program of Debian 12 prints.
test.each([
  [
    'host-key-changed',
    255,
    '@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n...\nHost key verification failed.\nrsync: connection unexpectedly closed (0 bytes received so far) [sender]',
  ],
  [
    'host-key-unknown',
    255,
    'No ED25519 host key is known for [copies.example.org]:2222 and you have requested strict checking.\nHost key verification failed.',
  ],
  [
    'ssh-key',
    255,
    'Load key "/tmp/x/ssh-key": error in libcrypto\ncopier@copies.example.org: Permission denied (publickey).',
  ],
  ['ssh-refused', 255, 'copier@copies.example.org: Permission denied (publickey,password).'],
  ['no-user', 255, 'No user exists for uid 1000650000'],
  ['auth-failed', 5, '@ERROR: auth failed on module copies'],
  ['no-module', 5, "@ERROR: Unknown module 'copy'"],
  ['refused-client', 5, '@ERROR: access denied to copies from UNKNOWN (10.0.0.1)'],
  ['read-only', 1, '@ERROR: module is read only'],
  [
    'no-space',
    11,
    'rsync: [receiver] write failed on "x": No space left on device (28)\nrsync error: error in file IO (code 11)\nrsync: [sender] write error: Broken pipe (32)',
  ],
  ['no-path', 11, 'rsync: [Receiver] mkdir "/srv/copies/x" failed: No such file or directory (2)'],
  ['not-allowed', 23, 'rsync: [receiver] mkstemp "/srv/copies/hourly/.backup.Xy" failed: Permission denied (13)'],
  ['no-rsync', 127, 'bash: line 1: rsync: command not found\nrsync: connection unexpectedly closed'],
  ['no-name', 255, 'ssh: Could not resolve hostname copies.example.org: Name or service not known'],
  ['refused', 10, 'rsync: [sender] failed to connect to 127.0.0.1: Connection refused (111)'],
  ['unreachable', 255, 'ssh: connect to host copies.example.org port 2222: Connection timed out'],
  ['unreachable', 30, 'rsync error: timeout in data send/receive (code 30) at io.c(197)'],
  ['unreachable', 35, ''],
  ['cut', 12, 'rsync: connection unexpectedly closed (1234 bytes received so far) [sender]'],
  ['cut', 10, 'rsync error: error in socket IO (code 10)'],
] as const)('%s is found (exit code %i)', (code, exitCode, stderr) => {
  const found = failure(stderr, exitCode);
  expect(found.code).toBe(code);
  expect(found.message).toContain(`exit code ${exitCode}`);
  expect(found.message + String(found.hint)).not.toMatch(/[{}]/);
  expect(found.hint).toMatch(/\.$/);
});

test('names where, as whom and from which file', () => {
  expect(failure('Permission denied (publickey).').message).toBe(
    'copies.example.org:2222 does not take the key of /offsite/ssh-key for copier (rsync: exit code 255)',
  );
});

test('what nobody has foreseen is told with the meaning of the exit code and the last words, on one line', () => {
  expect(failure('first\n\x1b[31mstrange\x1b[0m thing\nrsync error: something (code 4)', 4).message).toBe(
    'rsync to copies.example.org:2222 failed with exit code 4, an option is not supported there: first strange thing',
  );
  expect(failure('x'.repeat(9000), 99).message.length).toBeLessThan(420);
  expect(failure('', null).message).toContain('signal SIGKILL');
});
