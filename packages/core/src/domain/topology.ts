import type { Repository } from './image-reference.ts';
import type { WorkloadKind } from './workload.ts';

/** delivery.yaml as the rest of the code sees it: checked, defaults filled in. Durations in milliseconds. */
export interface Topology {
  readonly images: Readonly<Record<string, ImageTopology>>;
  readonly projects: Readonly<Record<string, Project>>;
}

export interface ImageTopology {
  readonly name: string;
  /** Where builds go: `latest`, `latest-N`. */
  readonly repository: Repository;
  /** Where promoted builds go: `stable`, `<version>`. */
  readonly promoted: Repository | undefined;
  readonly build: { readonly context: string; readonly file: string; readonly target: string | undefined } | undefined;
}

export interface Project {
  readonly name: string;
  /** A context of the kubeconfig; undefined: the current one. */
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly follows: 'latest' | 'stable';
  /** GitHub environment of the deployment records; undefined: none are made. */
  readonly environment: string | undefined;
  /** By image: all of them follow it. */
  readonly workloads: Readonly<Record<string, readonly ProjectWorkload[]>>;
  readonly checks: readonly Check[];
}

export interface ProjectWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
  /** The containers (init containers too) that run the image. */
  readonly containers: readonly string[];
}

/** A page that has to answer after the rollout. */
export interface Check {
  readonly url: URL;
  readonly status: number;
  readonly contains: string | undefined;
  /** How long the right answer may take to come once the workloads are ready. */
  readonly withinMs: number;
}
