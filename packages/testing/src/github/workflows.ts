import { parse } from 'yaml';
import { matchesFilter } from './patterns.ts';
import type { Access, Permissions } from './tokens.ts';

type Filter = Readonly<Record<string, unknown>>;

/** A workflow file of a repository, as far as it decides whether and how a run is started. */
export interface Workflow {
  /** Path inside the repository, `.github/workflows/ci.yml`. */
  readonly path: string;
  readonly name: string;
  /** `run-name`, which may hold expressions; empty when there is none. */
  readonly runName: string;
  readonly triggers: ReadonlyMap<string, Filter>;
  readonly concurrency: Concurrency | undefined;
  /** What any job is granted; the runner has one token for a run, so they are put together. */
  readonly permissions: Permissions;
}

export interface Concurrency {
  /** May hold expressions. */
  readonly group: string;
  readonly cancelInProgress: string;
  /** True for `queue: max`: nothing that waits is displaced. */
  readonly keepsAll: boolean;
}

export interface DispatchInput {
  readonly required?: boolean;
  readonly default?: unknown;
  readonly type?: string;
  readonly options?: readonly string[];
}

/** Reads a workflow file; throws with one sentence when it is none. YAML 1.2, so `on` stays a text. */
export function parseWorkflow(path: string, text: string): Workflow {
  const file: unknown = parse(text);
  if (!isRecord(file)) throw new Error(`${path} is not a mapping`);
  const { name, on, jobs } = file;
  if (!isRecord(jobs)) throw new Error(`${path} has no jobs`);
  return {
    path,
    name: typeof name === 'string' ? name : path,
    runName: file['run-name'] === undefined || file['run-name'] === null ? '' : scalar(file['run-name']),
    triggers: readTriggers(path, on),
    concurrency: readConcurrency(file['concurrency']),
    permissions: readPermissions(file['permissions'], Object.values(jobs).filter(isRecord)),
  };
}

/** What a push did to one ref. `paths` lists the files changed; it is asked for only where a filter wants it. */
export interface PushedRef {
  readonly ref: string;
  readonly paths: () => readonly string[];
}

/** Whether a push starts the workflow (docs.github.com, "Workflow syntax", on.push). */
export function startsOnPush({ triggers }: Workflow, { ref, paths }: PushedRef): boolean {
  const filter = triggers.get('push');
  if (!filter) return false;
  const tag = ref.startsWith('refs/tags/');
  const name = ref.replace(/^refs\/(?:heads|tags)\//, '');
  const [own, other] = tag ? ['tags', 'branches'] : ['branches', 'tags'];
  if (!refAllowed(filter, own, other, name)) return false;
  if (tag) return true;
  const wanted = list(filter['paths']);
  const ignored = list(filter['paths-ignore']);
  if (wanted) return paths().some((path) => matchesFilter(wanted, path));
  if (ignored) return paths().some((path) => !matchesFilter(ignored, path));
  return true;
}

export function startsOnDispatch({ triggers }: Workflow, eventType: string): boolean {
  const filter = triggers.get('repository_dispatch');
  return filter !== undefined && (list(filter['types'])?.includes(eventType) ?? true);
}

/**
 * Fills in and checks the inputs of a manual run. As on GitHub they end up as texts in the event, whatever their type.
 * Gives the problem as GitHub words it.
 */
export function dispatchInputs(
  workflow: Workflow,
  given: Readonly<Record<string, unknown>>,
): { inputs: Record<string, string> } | { problem: string } {
  const filter = workflow.triggers.get('workflow_dispatch');
  if (!filter) return { problem: `Workflow does not have 'workflow_dispatch' trigger` };
  const declared = (isRecord(filter['inputs']) ? filter['inputs'] : {}) as Record<string, DispatchInput | null>;
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length > 0) return { problem: `Unexpected inputs provided: ${JSON.stringify(unknown)}` };
  const inputs: Record<string, string> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = scalar(given[name] ?? input?.default ?? (input?.type === 'boolean' ? false : ''));
    const problem = inputProblem(name, value, input ?? {});
    if (problem !== undefined) return { problem };
    inputs[name] = value;
  }
  return { inputs };
}

function inputProblem(
  name: string,
  value: string,
  { required, type, options = [] }: DispatchInput,
): string | undefined {
  const provided = `Provided value '${value}' for input '${name}'`;
  if (required && value === '') return `Required input '${name}' not provided`;
  if (type === 'choice' && !options.map(String).includes(value)) return `${provided} not in the list of allowed values`;
  if (type === 'boolean' && !['true', 'false'].includes(value)) return `${provided} must be a boolean`;
  return undefined;
}

function refAllowed(filter: Filter, own: string, other: string, name: string): boolean {
  const wanted = list(filter[own]);
  const ignored = list(filter[`${own}-ignore`]);
  if (wanted) return matchesFilter(wanted, name);
  if (ignored) return !matchesFilter(ignored, name);
  return !(other in filter) && !(`${other}-ignore` in filter);
}

function readTriggers(path: string, on: unknown): Map<string, Filter> {
  if (typeof on === 'string') return new Map([[on, {}]]);
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), {}]));
  if (!isRecord(on)) throw new Error(`${path} has no "on"`);
  return new Map(Object.entries(on).map(([name, filter]) => [name, isRecord(filter) ? filter : {}]));
}

function readConcurrency(given: unknown): Concurrency | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isRecord(given)) return { group: scalar(given), cancelInProgress: 'false', keepsAll: false };
  return {
    group: scalar(given['group']),
    cancelInProgress: scalar(given['cancel-in-progress'] ?? false),
    keepsAll: given['queue'] === 'max',
  };
}

// Repositories of organisations made since 2023 grant this when a workflow says nothing ("restricted").
const restricted: Permissions = { contents: 'read', packages: 'read' };
const scopes = ['actions', 'checks', 'contents', 'deployments', 'id-token', 'packages', 'pull-requests', 'statuses'];

function readPermissions(top: unknown, jobs: readonly Filter[]): Permissions {
  const together: Record<string, Access> = {};
  for (const job of jobs) {
    for (const [scope, access] of Object.entries(permissionsOf(job['permissions'] ?? top))) {
      if (together[scope] !== 'write') together[scope] = access;
    }
  }
  return together;
}

function permissionsOf(given: unknown): Permissions {
  if (given === 'write-all' || given === 'read-all') {
    const access = given === 'write-all' ? 'write' : 'read';
    return Object.fromEntries(scopes.map((scope) => [scope, access]));
  }
  if (!isRecord(given)) return restricted;
  return Object.fromEntries(Object.entries(given).filter(([, access]) => access !== 'none')) as Permissions;
}

function list(given: unknown): string[] | undefined {
  return given === undefined || given === null ? undefined : [given].flat().map(String);
}

/** A text, number or boolean as text. */
function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
