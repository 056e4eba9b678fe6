import type { Path } from './document.ts';

/** The file's data as it was written, for the rules: what has the wrong shape is passed over. */
export type Mapping = Readonly<Record<string, unknown>>;

export function mapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

interface WrittenProject {
  readonly path: Path;
  readonly project: Mapping;
}

export function projectsOf(data: unknown): WrittenProject[] {
  const projects = Object.entries(mapping(mapping(data)['projects']));
  return projects.map(([name, project]) => ({ path: ['projects', name], project: mapping(project) }));
}

interface WorkloadList extends WrittenProject {
  readonly image: string;
  readonly workloads: readonly unknown[];
}

export function workloadLists(data: unknown): WorkloadList[] {
  return projectsOf(data).flatMap(({ path, project }) =>
    Object.entries(mapping(project['workloads'])).map(([image, workloads]) => ({
      path: [...path, 'workloads', image],
      project,
      image,
      workloads: Array.isArray(workloads) ? workloads : [],
    })),
  );
}

interface WrittenJob extends WrittenProject {
  readonly image: string;
  readonly cronJob: unknown;
}

export function projectJobs(data: unknown): WrittenJob[] {
  return projectsOf(data).flatMap(({ path, project }) =>
    Object.entries(mapping(project['jobs'])).map(([image, job]) => ({
      path: [...path, 'jobs', image],
      project,
      image,
      cronJob: mapping(job)['cronJob'],
    })),
  );
}
