/** Objects that many answers hold. Where GitHub gives addresses that nothing here serves, they are still of its form. */
import type { Commit } from './repositories.ts';
import type { Run } from './run.ts';

export type Json = Record<string, unknown>;

/** A record's fields without some that an answer shows in another form. */
export function without(record: object, ...names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

export function nodeId(kind: string, id: number): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url');
}

const userLinks = [
  'followers',
  'following',
  'gists',
  'starred',
  'subscriptions',
  'orgs',
  'repos',
  'events',
  'received_events',
];

export function user(url: string, login: string): Json {
  const name = encodeURIComponent(login);
  const api = `${url}/users/${name}`;
  const links = userLinks.map((link) => [link === 'orgs' ? 'organizations_url' : `${link}_url`, `${api}/${link}`]);
  return {
    login,
    id: 1,
    node_id: nodeId('User', 1),
    avatar_url: `${url}/avatars/${name}`,
    gravatar_id: '',
    url: api,
    html_url: `${url}/${name}`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
    ...(Object.fromEntries(links) as Json),
  };
}

const repositoryLinks = (
  'archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events ' +
  'forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones ' +
  'notifications pulls releases stargazers statuses subscribers subscription tags teams trees'
).split(' ');

export function repository(url: string, fullName: string): Json {
  const [owner = '', name = ''] = fullName.split('/');
  const api = `${url}/repos/${fullName}`;
  return {
    id: 1,
    node_id: nodeId('Repository', 1),
    name,
    full_name: fullName,
    owner: user(url, owner),
    private: true,
    html_url: `${url}/${fullName}`,
    clone_url: `${url}/${fullName}.git`,
    description: null,
    fork: false,
    url: api,
    default_branch: 'main',
    ...Object.fromEntries(repositoryLinks.map((link) => [`${link}_url`, `${api}/${link.replace('_', '/')}`])),
  };
}

export function workflowRun(url: string, run: Run, { message, tree, timestamp, author }: Commit): Json {
  const api = `${url}/repos/${run.repository}/actions`;
  const self = `${api}/runs/${run.id}`;
  const of = repository(url, run.repository);
  return {
    id: run.id,
    name: run.workflow.name,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: run.ref.replace(/^refs\/(?:heads|tags)\//, ''),
    head_sha: run.sha,
    path: run.workflow.path,
    display_title: run.title,
    run_number: run.runNumber,
    run_attempt: run.attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: 1,
    url: self,
    html_url: runPage(url, run),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    run_started_at: run.startedAt,
    actor: user(url, run.actor),
    triggering_actor: user(url, run.actor),
    pull_requests: [],
    head_commit: { id: run.sha, tree_id: tree, message, timestamp, author, committer: author },
    repository: of,
    head_repository: of,
    jobs_url: `${self}/jobs`,
    logs_url: `${self}/logs`,
    check_suite_url: `${url}/repos/${run.repository}/check-suites/${run.id}`,
    artifacts_url: `${self}/artifacts`,
    cancel_url: `${self}/cancel`,
    rerun_url: `${self}/rerun`,
    workflow_url: `${api}/workflows/1`,
  };
}

export function runPage(url: string, run: Pick<Run, 'repository' | 'id'>): string {
  return `${url}/${run.repository}/actions/runs/${run.id}`;
}
