import { connectAll } from '@delivery/core/action/connect-all';
import type { ActionContext } from '@delivery/core/action/context';
import { marks } from '@delivery/core/action/launch/plan';
import { endOf, hasEnded } from '@delivery/core/action/launch/standing';
import { observe } from '@delivery/core/action/rollout/observe';
import { healthyAnnotation } from '@delivery/core/action/rollout/plan';
import { within } from '@delivery/core/action/within';
import type { Digest } from '@delivery/core/domain/digest';
import { isDigest } from '@delivery/core/domain/digest';
import { parseImageReference } from '@delivery/core/domain/image-reference';
import type { CronJob, JobsView } from '@delivery/core/domain/job';
import { describeJob } from '@delivery/core/domain/job';
import type { Project } from '@delivery/core/domain/topology';
import type { NamespaceView, Pod } from '@delivery/core/domain/workload';
import { describeWorkload } from '@delivery/core/domain/workload';
import type { Cluster } from '@delivery/core/ports/cluster';
import type { Jobs } from '@delivery/core/ports/jobs';
import type { Ports } from './ports.ts';
import { orUnread, unread } from './unread.ts';

/** What something of a project runs: a digest, or a tag of a repository. */
export interface Use {
  /** Such as `Deployment dev/web of project test`. */
  readonly where: string;
  readonly of: { readonly digest: Digest } | { readonly path: string; readonly tag: string };
}

const lookMs = 60_000;

/** What runs, or comes back by itself, in every project. Throws ActionError `unread` naming the first that cannot be read. */
export async function readUses(
  { topology, cluster, jobs }: Pick<Ports, 'topology' | 'cluster' | 'jobs'>,
  context: Pick<ActionContext, 'clock' | 'signal'>,
): Promise<readonly Use[]> {
  const projects = Object.values(topology.projects);
  connectAll(projects, cluster);
  const uses = await Promise.all(
    projects.map(async (project) => {
      const ports = { cluster: cluster(project.cluster), jobs: jobs(project.cluster) };
      const what = `project ${project.name}`;
      const look = (signal: AbortSignal) => readProject(project, ports, signal);
      const found = await orUnread(what, () => within(lookMs, context, look, undefined));
      if (!found) throw unread(what, `the cluster did not answer within ${lookMs / 1000} s`);
      return found.map(({ where, of }) => ({ where: `${where} of project ${project.name}`, of }));
    }),
  );
  return uses.flat();
}

async function readProject(
  project: Project,
  { cluster, jobs }: { readonly cluster: Cluster; readonly jobs: Jobs },
  signal: AbortSignal,
): Promise<Use[]> {
  const { namespace, data } = project;
  const names = [...Object.values(project.jobs).map(({ cronJob }) => cronJob), ...(data ? [data.cronJob] : [])];
  const [view, jobsView, ...cronJobs] = await Promise.all([
    observe(cluster, namespace, Object.values(project.workloads).flat(), signal),
    jobs.list(namespace, signal),
    ...names.map((name) => jobs.readCronJob(namespace, name, signal)),
  ]);
  return [...usesOfWorkloads(view), ...usesOfPods(view, jobsView), ...usesOfJobs(jobsView, cronJobs)];
}

/** What they run, scaled to zero or not, and what a rollback would bring back. */
function usesOfWorkloads({ workloads }: NamespaceView): Use[] {
  return workloads.flatMap((workload) => {
    const where = describeWorkload(workload);
    const images = workload.containers.map(({ image }) => image);
    return [
      ...usesOf(where, images),
      ...usesOf(`a rollback of ${where}`, textsIn(workload.annotations[healthyAnnotation])),
    ];
  });
}

/** Of a Job that is not over, those that have ended too: it may try again. */
function usesOfPods({ pods }: NamespaceView, { jobs, pods: ofJobs }: JobsView): Use[] {
  const unfinished = new Set(jobs.filter((job) => endOf(job) === undefined).map(({ uid }) => uid));
  const byUid = new Map([...ofJobs, ...pods].map((pod) => [pod.uid, pod]));
  return [...byUid.values()]
    .filter((pod) => !hasEnded(pod) || unfinished.has(pod.ownerUid))
    .flatMap((pod) => usesOf(`Pod ${pod.namespace}/${pod.name}`, imagesOfPod(pod)));
}

function imagesOfPod({ containers }: Pod): string[] {
  return containers.flatMap(({ image, imageId }) => (imageId === undefined ? [image] : [imageId, image]));
}

function usesOfJobs({ jobs }: JobsView, cronJobs: readonly (CronJob | undefined)[]): Use[] {
  const running = jobs
    .filter((job) => endOf(job) === undefined)
    .flatMap((job) => usesOf(describeJob(job), [job.annotations[marks.digest] ?? '']));
  const templates = cronJobs.flatMap((cronJob) =>
    cronJob
      ? usesOf(
          `CronJob ${cronJob.namespace}/${cronJob.name}`,
          cronJob.containers.map(({ image }) => image),
        )
      : [],
  );
  return [...running, ...templates];
}

/** The digest of a text decides, in whatever form a runtime writes it; else the tag of a reference. */
function usesOf(where: string, texts: readonly string[]): Use[] {
  return texts.flatMap((text): Use[] => {
    const digest = /sha256:[0-9a-f]{64}/.exec(text)?.[0];
    if (digest !== undefined && isDigest(digest)) return [{ where, of: { digest } }];
    const reference = parseImageReference(text);
    return reference ? [{ where, of: { path: reference.path, tag: reference.tag ?? 'latest' } }] : [];
  });
}

/** The values of a JSON object of texts; none for what is no such thing. */
function textsIn(json: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(json ?? '');
    return typeof value === 'object' && value !== null
      ? Object.values(value).filter((text) => typeof text === 'string')
      : [];
  } catch {
    return [];
  }
}
