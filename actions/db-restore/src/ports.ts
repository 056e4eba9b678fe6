import type { Topology } from '@delivery/core/domain/topology';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Permissions } from '@delivery/core/ports/permissions';
import type { Web } from '@delivery/core/ports/web';

export interface Ports {
  readonly topology: Topology;
  /** Connects to a context of the kubeconfig; undefined: the current one. */
  readonly jobs: (context: string | undefined) => Jobs;
  /** What the account may do in that cluster. */
  readonly permissions: (context: string | undefined) => Permissions;
  readonly web: Web;
}
