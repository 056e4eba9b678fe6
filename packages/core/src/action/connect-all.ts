import type { Project } from '../domain/topology.ts';

/**
 * Connects to every cluster that the projects are on, each once, and gives the way to them by the name that a project says. So what is
 * wrong with a way shows before anything is asked.
 */
export function connectAll<T>(
  projects: readonly Pick<Project, 'cluster'>[],
  connect: (name: string | undefined) => T,
): (name: string | undefined) => T {
  const names = new Set(projects.map(({ cluster }) => cluster));
  const connected = new Map([...names].map((name) => [name, { to: connect(name) }]));
  return (name) => {
    const found = connected.get(name);
    if (!found) throw new TypeError('a cluster was not connected');
    return found.to;
  };
}
