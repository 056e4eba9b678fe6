import { X509Certificate } from 'node:crypto';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readInside } from '../checkout-file.ts';
import { quoted } from '../../domain/delivery/found.ts';
import type { ClusterTopology } from '../../domain/topology.ts';
import { wrong } from './kubeconfig.ts';

/** The certificates that a cluster's `certificateAuthority` holds, PEM; undefined where it names none. Throws InputError. */
export function readAuthority({ name, certificateAuthority }: ClusterTopology, workspace: string): string | undefined {
  if (certificateAuthority === undefined) return undefined;
  const problem = (message: string) =>
    wrong(`clusters.${name}.certificateAuthority`, `${quoted(certificateAuthority)} ${message}`);
  const root = realpathSync(workspace);
  const text = readInside(root, path.resolve(root, certificateAuthority), {
    refuse: problem,
    unreadable: () => problem('cannot be read: check the repository out first (actions/checkout)'),
  }).toString('latin1');
  // Nothing else of the file is used: a key that lies beside them by mistake goes nowhere.
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    throw problem('does not hold certificates (PEM)');
  return `${certificates.join('\n')}\n`;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
