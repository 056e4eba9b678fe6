import { defaultKeep } from '@delivery/core/domain/backup/tiers';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { DatabaseTopology, Project, Topology } from '@delivery/core/domain/topology';

export const built = parseRepository('registry.example.org/dev/web-stream')!;
export const promoted = parseRepository('registry.example.org/prod/web-stream')!;

const database: DatabaseTopology = {
  backup: {
    ...{ cronJob: 'db-backup', timeoutMs: 1_800_000, keep: defaultKeep, maxAgeMs: 10_800_000, maxShrink: 20 },
    offSite: false,
  },
  restore: undefined,
  mask: {},
};

export function projectOf(name: string, isBackedUp = false): Project {
  return {
    ...{ name, cluster: undefined, namespace: name, environment: name, checks: [], data: undefined },
    ...{ production: name === 'production', database: isBackedUp ? database : undefined },
    follows: name === 'test' ? 'latest' : 'stable',
    workloads: { web: ['web', 'beat'].map((one) => ({ kind: 'Deployment', name: one, containers: [one] })) },
    jobs: { loader: { cronJob: 'loader', containers: undefined, timeoutMs: 5_400_000, succeeds: undefined } },
  };
}

/** test, production and ric, of which production may be backed up. */
export function siteOf(isBackedUp: boolean): Topology {
  const image = (name: string) => ({ name, repository: built, promoted, build: undefined, retention: undefined });
  const frozen = { ...image('frozen'), promoted: undefined };
  const projects = { test: projectOf('test'), production: projectOf('production', isBackedUp), ric: projectOf('ric') };
  return { images: { web: image('web'), loader: image('loader'), frozen }, projects };
}
