import { defaultKeep } from '@delivery/core/domain/backup/tiers';
import type { DatabaseTopology, Project, Topology } from '@delivery/core/domain/topology';

const backup = {
  cronJob: 'db-backup',
  timeoutMs: 1_800_000,
  keep: defaultKeep,
  maxAgeMs: 10_800_000,
  maxShrink: 20,
  offSite: false,
};
const restore = { cronJob: 'db-restore', timeoutMs: 7_200_000 };

/** What a project may have of a database. */
export const having = {
  backup: { backup, restore: undefined, mask: {} },
  restore: { backup: undefined, restore, mask: {} },
  both: { backup, restore, mask: {} },
  masked: { backup, restore, mask: { auth_user: { email: 'nobody@example.org', last_name: null } } },
} satisfies Record<string, DatabaseTopology>;

export function project(name: string, given: Partial<Project> = {}): Project {
  return {
    ...{ name, namespace: name, cluster: undefined, follows: 'stable', environment: undefined, data: undefined },
    ...{ workloads: {}, checks: [], jobs: {}, production: false, database: undefined },
    ...given,
  };
}

export function topologyOf(...projects: readonly Project[]): Topology {
  return { images: {}, projects: Object.fromEntries(projects.map((one) => [one.name, one])) };
}

/** As a site has it: production is backed up and masked, staging is where one tries; ric has no backup. */
export const site = {
  test: project('test', { database: having.backup }),
  production: project('production', { production: true, database: having.masked }),
  ric: project('ric'),
  staging: project('staging', { database: having.restore }),
};
