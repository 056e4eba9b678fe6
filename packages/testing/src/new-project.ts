import { defaultKeep } from '@delivery/core/domain/backup/tiers';
import type { BackupTopology, Project } from '@delivery/core/domain/topology';

/** A project in a namespace of its name that has nothing but what is given. */
export function newProject(name: string, given: Partial<Project> = {}): Project {
  return {
    ...{ name, namespace: name, cluster: undefined, follows: 'stable', environment: undefined },
    ...{ workloads: {}, checks: [], jobs: {}, data: undefined, production: false, database: undefined },
    ...given,
  };
}

/** How a project is backed up that says nothing of it but that it is, and that copies are sent. */
export function newBackup(given: Partial<BackupTopology> = {}): BackupTopology {
  return {
    ...{ cronJob: 'db-backup', timeoutMs: 30 * 60_000, keep: defaultKeep, maxAgeMs: 3 * 3_600_000, maxShrink: 20 },
    offSite: true,
    ...given,
  };
}
