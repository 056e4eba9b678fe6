import type { BackupManifest } from '@delivery/core/domain/backup/manifest';
import { parseReport } from '@delivery/core/domain/backup/report-schema';

/** A manifest as it lies beside its backup: data from outside. `problem` is the rest of a sentence about it. */
export function parseManifest(text: string): BackupManifest | { readonly problem: string } {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  const said = { sentence: '-', next: '', cause: '', alarms: [], steps: [] };
  const rest = { tiers: [], offSite: { state: 'none', said: '' }, pruned: [], inventory: [] };
  const read = parseReport(JSON.stringify({ ...said, ...rest, command: 'backup', verdict: 'verified', manifest }));
  if ('problem' in read) return read;
  return (read.report.command === 'backup' && read.report.manifest) || { problem: 'holds no manifest' };
}

export function formatManifest(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}
