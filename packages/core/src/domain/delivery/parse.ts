import type { Problem } from '../../errors/errors.ts';
import { InputError } from '../../errors/errors.ts';
import type {
  BackupTopology,
  ClusterTopology,
  DatabaseTopology,
  ImageTopology,
  Project,
  ProjectJob,
  ProjectWorkload,
  SuccessSigns,
  Topology,
} from '../topology.ts';
import { readYaml } from './document.ts';
import { schemaProblems } from './problems.ts';
import { ruleProblems } from './rules.ts';
import type { DeliveryFile } from './schema.ts';
import { deliverySchema } from './schema.ts';

/**
 * Reads the text of delivery.yaml (YAML 1.2, core schema). `fileName` is how messages name the file.
 * Throws one InputError with every problem, in the order of the file, each at its line and column. A text that is no YAML
 * is told alone: what such a file holds can only be guessed.
 */
export function parseTopology(text: string, fileName: string): Topology {
  const document = readYaml(text, fileName);
  if (document.data === undefined) throw new InputError(inOrder(document.problems));
  const parsed = deliverySchema.safeParse(document.data);
  const issues = parsed.success ? [] : schemaProblems(parsed.error.issues, document);
  const problems = [...document.problems, ...issues, ...ruleProblems(document)];
  if (!parsed.success || problems.length > 0) throw new InputError(inOrder(problems));
  return toTopology(parsed.data);
}

// More than this many are not read by anybody, and each is an annotation.
const mostTold = 100;

function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => line(a) - line(b) || column(a) - column(b));
  const more = sorted.length - mostTold;
  if (more <= 0) return sorted;
  return [...sorted.slice(0, mostTold), { field: 'the file', message: `has ${more} more problems` }];
}

function line(problem: Problem): number {
  return problem.at?.line ?? 0;
}

function column(problem: Problem): number {
  return problem.at?.column ?? 0;
}

type FileImage = DeliveryFile['images'][string];
type FileCluster = NonNullable<DeliveryFile['clusters']>[string];
type FileProject = NonNullable<DeliveryFile['projects']>[string];
type FileJob = NonNullable<FileProject['jobs']>[string];
type FileBackup = NonNullable<NonNullable<FileProject['database']>['backup']>;
type FileWorkload = NonNullable<FileProject['workloads']>[string][number];

function toTopology({ images, clusters, projects = {} }: DeliveryFile): Topology {
  return {
    images: mapNames(images, toImage),
    projects: mapNames(projects, toProject),
    clusters: clusters && mapNames(clusters, toCluster),
  };
}

function toCluster({ server, certificateAuthority, audience }: FileCluster, name: string): ClusterTopology {
  // Requests need no slash at the end; the audience is compared letter by letter, so it is the text as written.
  const address = new URL(server).href.replace(/\/+$/, '');
  return { name, server: address, certificateAuthority, audience: audience ?? server };
}

function toImage({ repository, promoted, build, retention }: FileImage, name: string): ImageTopology {
  return { name, repository, promoted, build: build && toBuild(build), retention };
}

function toBuild({ context, file, target }: NonNullable<FileImage['build']>): NonNullable<ImageTopology['build']> {
  const folder = context.replace(/\/+$/, '');
  return { context, file: file ?? (folder === '.' ? 'Dockerfile' : `${folder}/Dockerfile`), target };
}

function toProject(file: FileProject, name: string): Project {
  const { cluster, namespace, follows, environment, workloads = {}, checks = [], jobs = {}, data } = file;
  const { production, database } = file;
  return {
    name,
    cluster,
    namespace,
    follows,
    environment,
    workloads: mapNames(workloads, (list) => list.map(toWorkload)),
    checks: checks.map(({ url, status, contains, within }) => ({ url, status, contains, withinMs: within })),
    jobs: mapNames(jobs, toJob),
    data,
    production,
    database: database && toDatabase(database),
  };
}

function toWorkload({ kind, name, container }: FileWorkload): ProjectWorkload {
  return { kind, name, containers: listOf(container) };
}

function toJob({ cronJob, container, timeout, succeeds }: FileJob): ProjectJob {
  return {
    cronJob,
    containers: container === undefined ? undefined : listOf(container),
    timeoutMs: timeout,
    succeeds: succeeds && toSigns(succeeds),
  };
}

function toSigns({ logMatches, messageMatches, count }: NonNullable<FileJob['succeeds']>): SuccessSigns {
  if (!count) return { logMatches, messageMatches, count: undefined };
  const { url, matches, atLeast, within } = count;
  return { logMatches, messageMatches, count: { url, matches, atLeast, withinMs: within } };
}

function toDatabase({ backup, restore, mask = {} }: NonNullable<FileProject['database']>): DatabaseTopology {
  return {
    backup: backup && toBackup(backup),
    restore: restore && { cronJob: restore.cronJob, timeoutMs: restore.timeout },
    mask: mapNames(mask, (columns) => mapNames(columns, (replacement) => replacement)),
  };
}

function toBackup({ timeout, maxAge, ...rest }: FileBackup): BackupTopology {
  return { ...rest, timeoutMs: timeout, maxAgeMs: maxAge };
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : names;
}

/** Without a prototype, so that looking up a name such as `constructor` finds what the file says, or nothing. */
function mapNames<From, To>(
  given: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  const mapped = Object.create(null) as Record<string, To>;
  for (const [name, value] of Object.entries(given)) mapped[name] = map(value, name);
  return mapped;
}
