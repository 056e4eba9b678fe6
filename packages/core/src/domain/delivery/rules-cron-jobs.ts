import type { Problem } from '../../errors/errors.ts';
import type { Path, SourceDocument } from './document.ts';
import { formatPath } from './document.ts';
import { quoted } from './found.ts';
import { defaultCronJobs } from './schema-database.ts';
import type { Mapping } from './written.ts';
import { mapping, projectJobs, projectsOf } from './written.ts';

/**
 * The Jobs of a CronJob are told from others by it: it serves one image of one project, or finds data, makes backups or restores
 * them.
 */
export function repeatedCronJobs({ data, placeOf }: SourceDocument): Problem[] {
  const seen = new Map<string, Path>();
  return cronJobUses(data).flatMap(({ path, project, cronJob }) => {
    if (typeof cronJob !== 'string' || typeof project['namespace'] !== 'string') return [];
    const id = JSON.stringify([project['cluster'] ?? null, project['namespace'], cronJob]);
    const before = seen.get(id);
    seen.set(id, before ?? path);
    if (!before) return [];
    const { line, column } = placeOf(before);
    const message = `CronJob ${quoted(cronJob)} in namespace ${project['namespace']} stands already in ${formatPath(before)} (line ${line}, column ${column})`;
    return [{ field: formatPath(path), message, at: placeOf(path) }];
  });
}

interface CronJobUse {
  readonly path: Path;
  readonly project: Mapping;
  readonly cronJob: unknown;
}

function cronJobUses(data: unknown): CronJobUse[] {
  const projects = projectsOf(data);
  const looks = projects.map(({ path, project }) => ({
    path: [...path, 'data'],
    project,
    cronJob: mapping(project['data'])['cronJob'],
  }));
  const ofDatabase = projects.flatMap(({ path, project }) => {
    const database = mapping(project['database']);
    return (['backup', 'restore'] as const)
      .filter((role) => typeof database[role] === 'object' && database[role] !== null)
      .map((role) => {
        const { cronJob = defaultCronJobs[role] } = mapping(database[role]);
        return { path: [...path, 'database', role], project, cronJob };
      });
  });
  return [...projectJobs(data), ...looks, ...ofDatabase];
}
