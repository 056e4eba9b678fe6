import type { Repository } from '@delivery/core/domain/image-reference';
import type { Topology } from '@delivery/core/domain/topology';
import type { Cluster } from '@delivery/core/ports/cluster';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Permissions } from '@delivery/core/ports/permissions';
import type { PackageVersions } from '@delivery/core/ports/package-versions';
import type { Registry } from '@delivery/core/ports/registry';

export interface Ports {
  readonly topology: Topology;
  readonly registry: Registry;
  /** These two connect to a context of the kubeconfig; undefined: the current one. */
  readonly cluster: (context: string | undefined) => Cluster;
  readonly jobs: (context: string | undefined) => Jobs;
  /** What the account may do in that cluster. */
  readonly permissions: (context: string | undefined) => Permissions;
  /** Undefined for a registry that deletes by itself. */
  readonly packages: (repository: Repository) => PackageVersions | undefined;
}
