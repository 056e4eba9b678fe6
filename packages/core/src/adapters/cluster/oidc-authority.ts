import { X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isInside } from '../delivery-file.ts';
import { quoted } from '../../domain/delivery/found.ts';
import type { ClusterTopology } from '../../domain/topology.ts';
import { wrong } from './kubeconfig.ts';

const maxBytes = 256 * 1024;

/** The certificates that a cluster's `certificateAuthority` holds, PEM; undefined where it names none. Throws InputError. */
export function readAuthority({ name, certificateAuthority }: ClusterTopology, workspace: string): string | undefined {
  if (certificateAuthority === undefined) return undefined;
  const problem = (message: string) =>
    wrong(`clusters.${name}.certificateAuthority`, `${quoted(certificateAuthority)} ${message}`);
  const text = readInside(workspace, certificateAuthority, problem);
  // Nothing else of the file is used: a key that lies beside them by mistake goes nowhere.
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    throw problem('does not hold certificates (PEM)');
  return `${certificates.join('\n')}\n`;
}

function readInside(workspace: string, file: string, problem: (message: string) => Error): string {
  const root = realpathSync(workspace);
  let handle: number;
  try {
    const found = realpathSync(path.resolve(root, file));
    if (!isInside(root, found)) throw problem('is a link that leads out of the checkout: put the file itself there');
    // Opening a pipe must not wait for its other end.
    handle = openSync(found, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw problem('cannot be read: check the repository out first (actions/checkout)');
  }
  try {
    if (!fstatSync(handle).isFile()) throw problem('is not a file');
    const bytes = Buffer.alloc(maxBytes + 1);
    const length = readSync(handle, bytes);
    if (length > maxBytes) throw problem('is larger than 256 KiB');
    return bytes.toString('latin1', 0, length);
  } finally {
    closeSync(handle);
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
