import type { DatabaseTopology, Project, Topology } from '@delivery/core/domain/topology';
import { newBackup, newProject } from '@delivery/testing/new-project';

const backup = newBackup({ offSite: false });
const restore = { cronJob: 'db-restore', timeoutMs: 7_200_000 };

/** What a project may have of a database. */
export const having = {
  backup: { backup, restore: undefined, mask: {} },
  restore: { backup: undefined, restore, mask: {} },
  both: { backup, restore, mask: {} },
  masked: { backup, restore, mask: { auth_user: { email: 'nobody@example.org', last_name: null } } },
} satisfies Record<string, DatabaseTopology>;

export function topologyOf(...projects: readonly Project[]): Topology {
  return { images: {}, projects: Object.fromEntries(projects.map((one) => [one.name, one])) };
}

/** As a site has it: production is backed up and masked, staging is where one tries; ric has no backup. */
export const site = {
  test: newProject('test', { database: having.backup }),
  production: newProject('production', { production: true, database: having.masked }),
  ric: newProject('ric'),
  staging: newProject('staging', { database: having.restore }),
};
