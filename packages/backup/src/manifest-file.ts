import type { BackupManifest } from '@delivery/core/domain/backup/manifest';

/** As it lies beside its backup. */
export function formatManifest(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}
