import type { Project } from '../domain/topology.ts';

/** One connection for each cluster that the projects are on, by context; undefined: the current one. Asks nothing yet. */
export function connectAll<T>(
  projects: readonly Pick<Project, 'cluster'>[],
  connect: (context: string | undefined) => T,
): ReadonlyMap<string | undefined, T> {
  const contexts = new Set(projects.map(({ cluster }) => cluster));
  return new Map([...contexts].map((context) => [context, connect(context)]));
}
