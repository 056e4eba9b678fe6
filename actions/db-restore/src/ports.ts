import type { Topology } from '@delivery/core/domain/topology';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Web } from '@delivery/core/ports/web';

export interface Ports {
  readonly topology: Topology;
  /** Connects to a context of the kubeconfig; undefined: the current one. */
  readonly jobs: (context: string | undefined) => Jobs;
  readonly web: Web;
}
