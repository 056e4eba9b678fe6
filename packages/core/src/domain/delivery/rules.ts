import type { Problem } from '../../errors/errors.ts';
import { formatRepository, parseRepository } from '../image-reference.ts';
import type { Path, SourceDocument } from './document.ts';
import { formatPath } from './document.ts';
import { quoted } from './found.ts';
import { suggest } from './nearest.ts';
import { repeatedCronJobs } from './rules-cron-jobs.ts';
import { mapping, projectJobs, projectsOf, workloadLists } from './written.ts';

/**
 * What one field alone cannot show. The data is looked at as it was written, so that these problems are told together
 * with those of the single fields; what has the wrong shape is passed over here.
 */
export function ruleProblems(document: SourceDocument): Problem[] {
  return [
    ...unknownImages(document),
    ...nothingPromoted(document),
    ...repeatedWorkloads(document),
    ...repeatedCronJobs(document),
    ...contraryRetentions(document),
    ...masksWithoutUse(document),
  ];
}

function unknownImages({ data, placeOfKey }: SourceDocument): Problem[] {
  const images = Object.keys(mapping(mapping(data)['images']));
  if (images.length === 0) return [];
  return [...workloadLists(data), ...projectJobs(data)]
    .filter(({ image }) => !images.includes(image))
    .map(({ image, path }) => ({
      field: formatPath(path),
      message: `${quoted(image)} is not an image of this file${suggest(image, images)}`,
      at: placeOfKey(path),
    }));
}

function nothingPromoted({ data, placeOf }: SourceDocument): Problem[] {
  const images = mapping(mapping(data)['images']);
  return workloadLists(data)
    .filter(({ image, project }) => project['follows'] === 'stable' && Object.hasOwn(images, image))
    .filter(({ image }) => mapping(images[image])['promoted'] === undefined)
    .map(({ image, path }) => {
      const follows = [...path.slice(0, 2), 'follows'];
      const field = formatPath(['images', image, 'promoted']);
      return {
        field: formatPath(follows),
        message: `"stable" cannot be followed: ${field} is not given`,
        at: placeOf(follows),
      };
    });
}

/** A workload stands once under an image, and each container of it follows one image of one project. */
function repeatedWorkloads({ data, placeOf }: SourceDocument): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, Path>();
  const addUnlessNew = (identity: readonly unknown[], path: Path, what: string, advice = ''): boolean => {
    const id = JSON.stringify(identity);
    const before = seen.get(id);
    seen.set(id, before ?? path);
    if (!before) return true;
    const { line, column } = placeOf(before);
    const message = `${what} stands already in ${formatPath(before)} (line ${line}, column ${column})${advice}`;
    problems.push({ field: formatPath(path), message, at: placeOf(path) });
    return false;
  };
  for (const { path: list, project, workloads } of workloadLists(data)) {
    for (const [index, workload] of workloads.entries()) {
      const { kind, name, container } = mapping(workload);
      if (typeof kind !== 'string' || typeof name !== 'string') continue;
      const path = [...list, index];
      const what = `${kind} ${quoted(name)}`;
      if (!addUnlessNew([...list, kind, name], path, what, '; name it once, its containers as a list')) continue;
      const { cluster = null, namespace } = project;
      if (typeof namespace !== 'string') continue;
      for (const [place, one] of containersOf(container, path)) {
        addUnlessNew(
          [cluster, namespace, kind, name, one],
          place,
          `container ${quoted(one)} of ${what} in namespace ${namespace}`,
        );
      }
    }
  }
  return problems;
}

/** The builds of a repository stay or go by one rule, whichever images use it. */
function contraryRetentions({ data, placeOf }: SourceDocument): Problem[] {
  const first = new Map<string, { readonly name: string; readonly rule: string }>();
  return Object.entries(mapping(mapping(data)['images'])).flatMap(([name, image]) => {
    const { repository, retention } = mapping(image);
    const parsed = typeof repository === 'string' ? parseRepository(repository) : undefined;
    if (!parsed) return [];
    const id = formatRepository(parsed);
    const rule = ruleText(retention);
    const before = first.get(id);
    if (!before) first.set(id, { name, rule });
    if (!before || before.rule === rule) return [];
    const path = ['images', name, ...(retention === undefined ? ['repository'] : ['retention'])];
    const other = formatPath(['images', before.name]);
    const message = `the retention is not that of ${other}, which has the same repository: write the same for both, or none`;
    return [{ field: formatPath(path), message, at: placeOf(path) }];
  });
}

/** What is restored elsewhere is masked when it comes from production: any other mask would be silently without effect. */
function masksWithoutUse({ data, placeOfKey }: SourceDocument): Problem[] {
  return projectsOf(data)
    .filter(({ project }) => mapping(project['database'])['mask'] !== undefined && project['production'] !== true)
    .map(({ path }) => {
      const mask = [...path, 'database', 'mask'];
      const message = `would never be used: ${formatPath([...path, 'production'])} is not true`;
      return { field: formatPath(mask), message, at: placeOfKey(mask) };
    });
}

/** The same for the same fields in any order. */
function ruleText(retention: unknown): string {
  return JSON.stringify(Object.entries(mapping(retention)).sort(([a], [b]) => (a < b ? -1 : 1))) + typeof retention;
}

function containersOf(container: unknown, path: Path): [Path, string][] {
  const given: [Path, unknown][] = Array.isArray(container)
    ? container.map((one, index) => [[...path, 'container', index], one])
    : [[[...path, 'container'], container]];
  return given.filter((entry): entry is [Path, string] => typeof entry[1] === 'string');
}
