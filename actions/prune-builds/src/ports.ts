import type { Repository } from '@delivery/core/domain/image-reference';
import type { Topology } from '@delivery/core/domain/topology';
import type { Clusters } from '@delivery/core/ports/clusters';
import type { PackageVersions } from '@delivery/core/ports/package-versions';
import type { Registry } from '@delivery/core/ports/registry';

export interface Ports extends Clusters {
  readonly topology: Topology;
  readonly registry: Registry;
  /** Undefined for a registry that deletes by itself. */
  readonly packages: (repository: Repository) => PackageVersions | undefined;
}
