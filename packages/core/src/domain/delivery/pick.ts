import type { Problem } from '../../errors/errors.ts';
import { InputError } from '../../errors/errors.ts';
import type {
  BackupTopology,
  ClusterTopology,
  ImageTopology,
  Project,
  ProjectJob,
  ProjectWorkload,
  Topology,
} from '../topology.ts';
import { quoted } from './found.ts';
import { nearest } from './nearest.ts';

/** The image that input `image` names. Throws InputError with the nearest name and all that there are. */
export function pickImage(topology: Topology, name: string): ImageTopology {
  return pick(topology.images, name, 'image', 'an image');
}

/** The project that input `field` names. Throws InputError with the nearest name and all that there are. */
export function pickProject(topology: Topology, name: string, field = 'project'): Project {
  return pick(topology.projects, name, field, 'a project');
}

/** The cluster that a project names with cluster-auth: oidc; the only one when it names none. Throws InputError as the others. */
export function pickCluster({ clusters = {} }: Topology, name: string | undefined): ClusterTopology {
  const [only, ...others] = Object.values(clusters);
  if (only === undefined)
    throw clusterProblem('clusters', 'is not given in delivery.yaml, and cluster-auth: oidc needs it: docs/oidc.md');
  if (name !== undefined) return pick(clusters, name, 'cluster', 'a cluster');
  if (others.length === 0) return only;
  const known = Object.keys(clusters).join(', ');
  throw clusterProblem('cluster', `is not given by a project, and delivery.yaml has several clusters: ${known}`);
}

function clusterProblem(field: string, message: string): InputError {
  return new InputError([{ field, message }]);
}

/** Where an image runs: each project with workloads of it, in the order of the file. */
export function workloadsOf(
  topology: Topology,
  image: string,
): { project: Project; workloads: readonly ProjectWorkload[] }[] {
  return Object.values(topology.projects).flatMap((project) => {
    const workloads = Object.hasOwn(project.workloads, image) ? project.workloads[image] : undefined;
    return workloads ? [{ project, workloads }] : [];
  });
}

/** Where an image is launched: each project with a job for it, in the order of the file. */
export function jobsOf(topology: Topology, image: string): { project: Project; job: ProjectJob }[] {
  return Object.values(topology.projects).flatMap((project) => {
    const job = Object.hasOwn(project.jobs, image) ? project.jobs[image] : undefined;
    return job ? [{ project, job }] : [];
  });
}

/** What is backed up: each project with `database.backup`, in the order of the file. */
export function backupsOf(topology: Topology): { project: Project; backup: BackupTopology }[] {
  return Object.values(topology.projects).flatMap((project) => {
    const backup = project.database?.backup;
    return backup ? [{ project, backup }] : [];
  });
}

/**
 * Those of `all` that input `field` names, all of them when it names none. Throws one InputError for every name that is no project of
 * delivery.yaml, or none of `all`: `lacks` says what it lacks, such as `has no job for "loader"`.
 */
export function chooseProjects<T extends { readonly project: Project }>(
  topology: Topology,
  names: readonly string[],
  all: readonly T[],
  lacks: string,
  field = 'projects',
): readonly T[] {
  if (names.length === 0) return all;
  return eachOf(names, (name) => {
    pickProject(topology, name, field);
    const found = all.find(({ project }) => project.name === name);
    if (found) return found;
    const others = all.map(({ project }) => project.name).join(', ');
    throw new InputError([{ field, message: `project ${quoted(name)} ${lacks}; those that have: ${others}` }]);
  });
}

/** What `pickOne` gives for each different name. Throws one InputError for all that it throws. */
export function eachOf<T>(names: readonly string[], pickOne: (name: string) => T): readonly T[] {
  const problems: Problem[] = [];
  const picked = [...new Set(names)].flatMap((name) => {
    try {
      return [pickOne(name)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new InputError(problems);
  return picked;
}

function pick<T>(all: Readonly<Record<string, T>>, name: string, field: string, what: string): T {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(all);
  const meant = nearest(name, names);
  const known = names.length === 0 ? 'it has none' : `known are ${names.join(', ')}`;
  const message = `${quoted(name)} is not ${what} of delivery.yaml${meant === undefined ? '' : `; did you mean "${meant}"?`}; ${known}`;
  throw new InputError([{ field, message }]);
}
