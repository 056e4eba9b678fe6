import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Document } from 'yaml';
import { parseDocument } from 'yaml';
import type { IssuerPlace } from '../oidc-issuer/client.ts';
import { registerJob } from '../oidc-issuer/client.ts';
import type { StandInConfig } from './config.ts';
import { idOf } from './ids.ts';
import type { Run } from './run.ts';

/** What act is to run in the place of the workflow file and the folders of other repositories. */
export interface Granted {
  readonly workflow: string;
  readonly localRepositories: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Gives every job with `id-token: write` what it asks an issuer with. act has one environment for a run, so it is written into the `env`
 * of the jobs, in copies of the files. A job of a called workflow needs the permission of its caller too. The environment of a job may be
 * an expression: the runner evaluates it within the URL.
 */
export async function grantIdTokens(
  run: Run,
  config: StandInConfig,
  { work, scratch }: { readonly work: string; readonly scratch: string },
): Promise<Granted> {
  const { oidc } = config;
  const file = join(work, run.workflow.path);
  const given = { workflow: run.workflow.path, localRepositories: config.localRepositories };
  if (!oidc) return given;
  const own = `${run.repository}/${run.workflow.path}@${run.ref}`;
  const { document, called, jobs } = await granting(file, false, (job) => register(oidc, run, own, job));
  const copies = new Map<string, string>();
  for (const { repository, ref, path } of called) {
    const name = `${repository}@${ref}`;
    const folder = config.localRepositories[name];
    if (folder === undefined) continue;
    const copy = copies.get(name) ?? join(scratch, 'called', String(copies.size));
    if (!copies.has(name)) cpSync(folder, copy, { recursive: true });
    copies.set(name, copy);
    const source = `${repository}/${path}@${fullRef(ref)}`;
    const inner = await granting(join(folder, path), true, (job) => register(oidc, run, source, job));
    write(join(copy, path), inner.document);
  }
  const localRepositories = { ...config.localRepositories, ...Object.fromEntries(copies) };
  if (jobs === 0) return { ...given, localRepositories };
  const workflow = join(scratch, 'workflows', basename(file));
  write(workflow, document);
  return { workflow, localRepositories };
}

interface Called {
  readonly repository: string;
  readonly path: string;
  readonly ref: string;
}

/** A workflow file whose jobs with the permission have the environment of `environmentOf`, and what those of them call. `byCaller`: whether those that say nothing have it. */
async function granting(
  file: string,
  byCaller: boolean,
  environmentOf: (job: Fields) => Promise<Fields>,
): Promise<{ document: Document; called: Called[]; jobs: number }> {
  const document = parseDocument(readFileSync(file, 'utf8')) as Document;
  const { permissions, jobs = {} } = document.toJS() as { permissions?: unknown; jobs?: Record<string, Fields> };
  const called: Called[] = [];
  let count = 0;
  for (const [name, job] of Object.entries(jobs)) {
    const granted = job['permissions'] ?? permissions;
    if (!(granted === undefined ? byCaller : hasIdToken(granted))) continue;
    const uses = typeof job['uses'] === 'string' ? job['uses'] : '';
    const [, repository, path, ref] = /^([^/]+\/[^/]+)\/(\.github\/[^@]+)@(.+)$/.exec(uses) ?? [];
    if (repository !== undefined && path !== undefined && ref !== undefined) called.push({ repository, path, ref });
    if (uses !== '') continue;
    count += 1;
    for (const [variable, value] of Object.entries(await environmentOf(job)))
      document.setIn(['jobs', name, 'env', variable], value);
  }
  return { document, called, jobs: count };
}

function hasIdToken(permissions: unknown): boolean {
  return permissions === 'write-all' || (permissions as Fields | null)?.['id-token'] === 'write';
}

async function register(oidc: IssuerPlace, run: Run, jobWorkflowRef: string, job: Fields): Promise<Fields> {
  const token = await registerJob(oidc, claimsOf(run, jobWorkflowRef));
  const { environment } = job;
  const name = typeof environment === 'object' ? (environment as Fields | null)?.['name'] : environment;
  const query = typeof name === 'string' ? `&environment=${name}` : '';
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${oidc.url}/id-token?api-version=2.0${query}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: token,
    NODE_EXTRA_CA_CERTS: oidc.caPath,
  };
}

/** docs.github.com, "OpenID Connect reference"; all of them are texts. */
function claimsOf(run: Run, jobWorkflowRef: string): Fields {
  const { repository, ref, sha, event, actor, workflow } = run;
  const [owner = ''] = repository.split('/');
  return {
    repository,
    repository_id: idOf(repository),
    repository_owner: owner,
    repository_owner_id: idOf(owner),
    repository_visibility: 'private',
    ref,
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    ref_protected: 'false',
    ...{ base_ref: '', head_ref: '' },
    sha,
    event_name: event,
    workflow: workflow.name,
    workflow_ref: `${repository}/${workflow.path}@${ref}`,
    workflow_sha: sha,
    job_workflow_ref: jobWorkflowRef,
    run_id: String(run.id),
    run_number: String(run.runNumber),
    run_attempt: String(run.attempt),
    actor,
    actor_id: idOf(actor),
    runner_environment: 'self-hosted',
  };
}

/** `v1` is a tag, 40 digits are a commit, everything else is a branch: folders that are served have no refs to ask. */
function fullRef(ref: string): string {
  if (/^[0-9a-f]{40}$/.test(ref) || ref.startsWith('refs/')) return ref;
  return /^v\d/.test(ref) ? `refs/tags/${ref}` : `refs/heads/${ref}`;
}

function write(file: string, document: Document): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}
