import type { Keep } from './backup/tiers.ts';
import type { Repository } from './image-reference.ts';
import type { RetentionRule } from './retention-rule.ts';
import type { WorkloadKind } from './workload.ts';

/** delivery.yaml as the rest of the code sees it: checked, defaults filled in. Durations in milliseconds. */
export interface Topology {
  readonly images: Readonly<Record<string, ImageTopology>>;
  readonly projects: Readonly<Record<string, Project>>;
  /** Where clusters are that trust GitHub's tokens (cluster-auth: oidc); a kubeconfig says it by itself. */
  readonly clusters?: Readonly<Record<string, ClusterTopology>> | undefined;
}

/** docs/oidc.md. */
export interface ClusterTopology {
  readonly name: string;
  /** https://host[:port][/path], without a slash at its end. */
  readonly server: string;
  /** A file of the checkout that holds certificates (PEM); undefined: those that the runner knows. */
  readonly certificateAuthority: string | undefined;
  /** Whom GitHub's tokens are made out to: the API server takes no others. */
  readonly audience: string;
}

export interface ImageTopology {
  readonly name: string;
  /** Where builds go: `latest`, `latest-N`. */
  readonly repository: Repository;
  /** Where promoted builds go: `stable`, `<version>`. */
  readonly promoted: Repository | undefined;
  readonly build: { readonly context: string; readonly file: string; readonly target: string | undefined } | undefined;
  /** Which builds of `repository` stay; undefined: all of them. */
  readonly retention?: RetentionRule | undefined;
}

export interface Project {
  readonly name: string;
  /** A context of the kubeconfig (undefined: the current one), or with cluster-auth: oidc one of `clusters` (undefined: the only one). */
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly follows: 'latest' | 'stable';
  /** GitHub environment of the deployment records; undefined: none are made. */
  readonly environment: string | undefined;
  /** By image: all of them follow it. */
  readonly workloads: Readonly<Record<string, readonly ProjectWorkload[]>>;
  readonly checks: readonly Check[];
  /** By image: what is launched here for each new build of it. */
  readonly jobs: Readonly<Record<string, ProjectJob>>;
  /** How to look for new data through the cluster; undefined: the project has none. */
  readonly data: DataLook | undefined;
  /** Its data is the real one: a restore into it has to be confirmed, one out of it is masked. */
  readonly production: boolean;
  /** Undefined: neither backed up nor restored into. */
  readonly database: DatabaseTopology | undefined;
}

export interface DatabaseTopology {
  readonly backup: BackupTopology | undefined;
  readonly restore: RestoreTopology | undefined;
  /** Columns that are overwritten when the data of this project is restored into another one; empty: none. */
  readonly mask: Mask;
}

export interface BackupTopology {
  readonly cronJob: string;
  readonly timeoutMs: number;
  readonly keep: Keep;
  /** Of the newest verified backup, before it is an alarm. */
  readonly maxAgeMs: number;
  /** Percent by which bytes or a table's rows may go down before it is an alarm. */
  readonly maxShrink: number;
  /** Whether a copy has to arrive on another server. */
  readonly offSite: boolean;
}

export interface RestoreTopology {
  readonly cronJob: string;
  readonly timeoutMs: number;
}

/** By table and column, what each row gets; null: NULL. */
export type Mask = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** Jobs are made from a suspended CronJob of the project. */
export interface ProjectJob {
  readonly cronJob: string;
  /** The containers that run the image; undefined: the only one of its pods. */
  readonly containers: readonly string[] | undefined;
  /** How long a run of it may take, and how long one that runs is waited for. */
  readonly timeoutMs: number;
  /** Undefined: a Job that is Complete has succeeded. */
  readonly succeeds: SuccessSigns | undefined;
}

/** What has to hold, all of it, for a Job that is Complete to have succeeded. */
export interface SuccessSigns {
  /** A line of the log of the container that ended last. */
  readonly logMatches: RegExp | undefined;
  /** The termination message of that container. */
  readonly messageMatches: RegExp | undefined;
  readonly count: CountCheck | undefined;
}

/** A page that tells a number: the first group of `matches`. */
export interface CountCheck {
  readonly url: URL;
  readonly matches: RegExp;
  readonly atLeast: number;
  /** How long the right number may take to come once the Job is Complete. */
  readonly withinMs: number;
}

/** A suspended CronJob whose Jobs mount the data read-only and list it: docs/detect-data.md. */
export interface DataLook {
  readonly cronJob: string;
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
