import type { Project } from '../domain/topology.ts';

/** Connects to every cluster that the projects are on, so that what is wrong with a way shows before anything is asked. `connect`: see Clusters. */
export function connectAll(
  projects: readonly Pick<Project, 'cluster'>[],
  connect: (name: string | undefined) => unknown,
): void {
  for (const name of new Set(projects.map(({ cluster }) => cluster))) connect(name);
}
