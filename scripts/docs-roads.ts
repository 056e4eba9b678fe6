/** The roads of a topology, from push, data and form to the projects, as a flowchart of Mermaid (mermaid.js.org, "Flowcharts"). */
import type { Project, Topology } from '@delivery/core/domain/topology';

export function drawRoads(topology: Topology): string {
  const images = Object.values(topology.images);
  const projects = Object.values(topology.projects);
  const lines = [
    ...images.filter(({ build }) => build !== undefined).flatMap(({ name }) => builds(name, projects)),
    ...images.filter(({ promoted }) => promoted !== undefined).flatMap(({ name }) => promotions(name, projects)),
    ...backups(projects),
  ];
  const nodes = projects.map((project) => node(project, lines)).filter((text) => text !== '');
  return ['flowchart LR', ...[...lines, ...nodes].map((line) => `  ${line}`)].join('\n');
}

/** A push builds an image, new data one that loads it; it goes to whoever follows `latest`, a Job of it to all. */
function builds(image: string, projects: readonly Project[]): string[] {
  const built = `${id('image', image)}["image ${image}<br/>latest-N, latest"]`;
  const withJob = projects.filter(({ jobs }) => jobs[image] !== undefined);
  const takesData = withJob.length > 0 && projects.some(({ data }) => data !== undefined);
  const followers = projects.filter(({ follows, workloads }) => follows === 'latest' && workloads[image] !== undefined);
  return [
    `push([a push]) --> ${built}`,
    ...(takesData ? [`data([new data, a call]) --> ${id('image', image)}`] : []),
    ...roads(id('image', image), 'rollout', followers),
    ...roads(id('image', image), 'Job', withJob),
  ];
}

/** The form gives a build its version; it goes to whoever follows `stable`. */
function promotions(image: string, projects: readonly Project[]): string[] {
  const stable = id('stable', image);
  const followers = projects.filter(({ follows }) => follows === 'stable');
  const rolledOut = followers.filter(({ workloads }) => workloads[image] !== undefined);
  const launched = followers.filter(({ jobs }) => jobs[image] !== undefined);
  if (rolledOut.length + launched.length === 0) return [];
  return [
    `form([the form, a call]) --> ${stable}["${image}, the same digest<br/>stable, version"]`,
    `${id('image', image)} -.-> ${stable}`,
    ...roads(stable, 'rollout', rolledOut),
    ...roads(stable, 'Job', launched),
  ];
}

/** A backup of production is tried where a restore needs no confirmation. */
function backups(projects: readonly Project[]): string[] {
  const from = projects.filter(({ production, database }) => production && database?.backup !== undefined);
  const to = projects.filter(({ production, database }) => !production && database?.restore !== undefined);
  return from.flatMap((project) =>
    to.map((other) => `${id('project', project.name)} -. backup .-> ${id('project', other.name)}`),
  );
}

function roads(from: string, how: string, to: readonly Project[]): string[] {
  if (to.length === 0) return [];
  return [`${from} -- ${how} --> ${to.map(({ name }) => id('project', name)).join(' & ')}`];
}

/** Empty for a project that no road leads to. */
function node({ name, namespace }: Project, lines: readonly string[]): string {
  const own = id('project', name);
  const isReached = lines.some((line) => line.split(/\W+/).includes(own));
  return isReached ? `${own}("${name.toUpperCase()}<br/>${namespace}")` : '';
}

/** The kind before the name keeps a project apart from an image, and both from Mermaid's own words such as `end`. */
function id(kind: 'image' | 'stable' | 'project', name: string): string {
  return `${kind}_${name.replaceAll('-', '_')}`;
}
