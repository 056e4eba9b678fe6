import { oneLine } from '@delivery/core/domain/printable';
import { ActionError } from '@delivery/core/errors/errors';
import type { ProgramEnd } from '../programs.ts';
import type { OffSiteSettings } from './settings.ts';

/** The copy off site failed: `message` says why, `hint` what to do. */
export class OffSiteError extends ActionError {
  constructor(code: string, message: string, hint: string, cause?: unknown) {
    super(code, message, { hint, ...(cause !== undefined && { cause }) });
  }
}

interface Known {
  readonly code: string;
  readonly pattern: RegExp;
  /** A sentence; `{there}` is where, `{user}`, `{path}`, `{secrets}` are the settings'. */
  readonly reason: string;
  readonly next: string;
}

/** What ssh(1), rsync(1) and rsyncd(5) print when they fail; the first that is found is the cause, what follows it are consequences. */
const known: readonly Known[] = [
  {
    code: 'host-key-changed',
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    reason: '{there} has another host key than {secrets}/known-hosts says',
    next: 'Find out why: when the server was set up anew, put its new key into known-hosts; otherwise someone stands in between.',
  },
  {
    code: 'host-key-unknown',
    pattern: /host key is known for|Host key verification failed/,
    reason: '{secrets}/known-hosts has no host key for {there}',
    next: 'Add the line that ssh-keyscan gives for this name and port, after comparing its fingerprint; a port other than 22 is written [name]:port.',
  },
  {
    code: 'ssh-key',
    pattern: /Load key .*|incorrect passphrase/,
    reason: '{secrets}/ssh-key is not a private key that ssh can use, or it has a passphrase',
    next: 'Put a private key without a passphrase there (ssh-keygen -t ed25519 -N "").',
  },
  {
    code: 'no-user',
    pattern: /No user exists for uid/,
    reason: 'ssh refuses to run under a user id without a name',
    next: 'Use the image of this suite: it gives every user id a name.',
  },
  {
    code: 'ssh-refused',
    pattern: /Permission denied \((?:publickey|password|keyboard|gssapi|hostbased)/,
    reason: '{there} does not take the key of {secrets}/ssh-key for {user}',
    next: "Add its public half to that account's authorized_keys; the key itself must not have a passphrase.",
  },
  {
    code: 'auth-failed',
    pattern: /auth failed on module|password mismatch/i,
    reason: 'the rsync daemon {there} does not take user {user} with the password of {secrets}/password',
    next: 'Compare both with auth users and the secrets file of that daemon.',
  },
  {
    code: 'no-module',
    pattern: /Unknown module/,
    reason: 'the rsync daemon {there} has no module for {path}',
    next: 'Let RSYNC_PATH begin with the name of a module of its rsyncd.conf.',
  },
  {
    code: 'refused-client',
    pattern: /@ERROR: access denied|max connections/,
    reason: 'the rsync daemon {there} does not let this client in',
    next: 'See hosts allow and max connections in its rsyncd.conf.',
  },
  {
    code: 'read-only',
    pattern: /module is read only|Read-only file system|is read-only|rrsync.*read-only/i,
    reason: '{path} on {there} may only be read',
    next: 'Let it be written: read only = no of the module, or the file system there.',
  },
  {
    code: 'no-delete',
    pattern: /configured to refuse --?del|option --?del.* has been disabled/,
    reason: '{there} does not let this account remove anything',
    next: 'Set RSYNC_PRUNE to false when that is meant: then nothing is ever removed there.',
  },
  {
    code: 'no-space',
    pattern: /No space left on device|Disk quota exceeded/,
    reason: 'there is no space left for {path} on {there}',
    next: 'Make room there; the next run sends what is missing.',
  },
  {
    code: 'no-path',
    pattern: /mkdir .*No such file or directory|chdir failed|chroot failed|change_dir.*No such file/,
    reason: 'the folder {path} on {there} does not exist',
    next: 'Create it there for {user}, or correct RSYNC_PATH.',
  },
  {
    code: 'not-allowed',
    pattern: /Permission denied \(13\)|Operation not permitted \(1\)/,
    reason: '{user} may not write into {path} on {there}',
    next: 'Give that account the folder.',
  },
  {
    code: 'no-rsync',
    pattern: /rsync: (?:command )?not found|rsync: No such file or directory/,
    reason: 'there is no rsync on {there}',
    next: 'Install rsync there.',
  },
  {
    code: 'no-name',
    pattern: /Could not resolve hostname|getaddrinfo:|Name or service not known|Temporary failure in name resolution/,
    reason: 'the name of {there} is not known here',
    next: 'Correct RSYNC_HOST, or let the DNS of the cluster know it.',
  },
  {
    code: 'refused',
    pattern: /Connection refused/,
    reason: 'nothing listens at {there}',
    next: 'Start the server there, or correct RSYNC_HOST and RSYNC_PORT.',
  },
  {
    code: 'unreachable',
    pattern: /timed out|No route to host|Network is unreachable|timeout waiting for daemon/i,
    reason: '{there} is not reached or does not answer any more',
    next: 'See whether a network policy or firewall lets this namespace out to it.',
  },
  {
    code: 'cut',
    pattern:
      /connection unexpectedly closed|Broken pipe|Connection reset|closed by remote host|Connection closed by|error in socket IO/i,
    reason: 'the connection to {there} was cut',
    next: 'The next run goes on where this one ended; when it comes again, look into the log there.',
  },
];

/** rsync(1), EXIT VALUES; 255 is ssh's own. */
const meanings: Readonly<Record<number, string>> = {
  1: 'syntax or usage error',
  2: 'protocol incompatibility',
  3: 'error selecting files or folders',
  4: 'an option is not supported there',
  5: 'error starting the client-server protocol',
  10: 'error in socket I/O',
  11: 'error in file I/O',
  12: 'error in the data stream',
  13: 'error with diagnostics',
  14: 'error in communication between processes',
  20: 'ended by a signal',
  21: 'a child process failed',
  22: 'out of memory',
  23: 'partial transfer',
  24: 'a file vanished while it was sent',
  25: 'more would have been removed than was allowed',
  30: 'timeout in sending or receiving',
  35: 'timeout in connecting',
  127: 'it was not found',
  255: 'ssh failed',
};

/** Says why rsync failed, from its exit code and the end of its error output. */
export function describeFailure(end: ProgramEnd, settings: OffSiteSettings): OffSiteError {
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const { host, port, user, path, secrets } = settings;
  const values: Readonly<Record<string, string>> = { there: `${host}:${port}`, user, path, secrets };
  const found = known.find(({ pattern }) => pattern.test(end.stderrTail)) ?? byExitCode(end.exitCode);
  const code = end.exitCode === null ? `signal ${String(end.signal)}` : `exit code ${end.exitCode}`;
  if (found !== undefined)
    return new OffSiteError(found.code, fill(`${found.reason} (rsync: ${code})`), fill(found.next));
  const meaning = meanings[end.exitCode ?? 20] ?? 'unknown';
  const said = oneLine(lastLines(end.stderrTail), 300);
  const message = fill(`rsync to {there} failed with ${code}, ${meaning}${said === '' ? '' : `: ${said}`}`);
  return new OffSiteError('rsync', message, 'See EXIT VALUES in the manual page of rsync.');
}

function byExitCode(exitCode: number | null): Known | undefined {
  const code = { 10: 'cut', 12: 'cut', 30: 'unreachable', 35: 'unreachable' }[exitCode ?? 0];
  return known.find((each) => each.code === code);
}

/** The last line repeats the exit code only; what went wrong stands before it. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  return lines
    .filter((line) => !line.startsWith('rsync error:'))
    .slice(-2)
    .join(' ');
}
