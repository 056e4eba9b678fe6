import type { ApiRequest, Backend, Endpoint } from './endpoint.ts';
import { commitOf, page, Refusal } from './endpoint.ts';
import type { CheckRun, CommitStatus } from './records.ts';
import { timed } from './records.ts';
import type { Json } from './shapes.ts';
import { nodeId, repository as repositoryShape, user, without } from './shapes.ts';

function checkRunAnswer(url: string, check: CheckRun): Json {
  const api = `${url}/repos/${check.repository}/check-runs/${check.id}`;
  const { title = null, summary = null, text = null, annotations = [] } = check.output;
  const { id, name, head_sha, status, conclusion, started_at, completed_at, external_id, details_url } = check;
  return {
    ...{ id, name, head_sha, status, conclusion, started_at, completed_at, external_id, details_url },
    node_id: nodeId('CheckRun', id),
    url: api,
    html_url: `${url}/${check.repository}/runs/${id}`,
    output: { title, summary, text, annotations_count: annotations.length, annotations_url: `${api}/annotations` },
    check_suite: { id: 1 },
    app: null,
    pull_requests: [],
  };
}

/** The fields of a check run that a request gives. The published schema lets `completed` pass without a conclusion, GitHub does not. */
function checkFields(body: Json): Partial<CheckRun> {
  const { name, conclusion, started_at, completed_at, external_id, details_url, output } = body as Partial<CheckRun>;
  const ended = conclusion !== undefined || completed_at !== undefined;
  const status = ended ? 'completed' : (body as Partial<CheckRun>).status;
  if (status === 'completed' && conclusion === undefined)
    throw new Refusal(422, "Invalid request.\n\nFor 'allOf/0', \"conclusion\" wasn't supplied.");
  const given = { name, status, conclusion, started_at, completed_at, external_id, details_url, output };
  const now = new Date().toISOString();
  if (status === 'completed') given.completed_at ??= now;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function byApp({ grant }: ApiRequest): void {
  if (!grant.run) throw new Refusal(403, 'You must authenticate via a GitHub App.');
}

function statusAnswer(url: string, status: CommitStatus): Json {
  const { id, state, context, description, target_url, created_at, updated_at } = status;
  return {
    ...{ id, state, context, description, target_url, created_at, updated_at },
    node_id: nodeId('StatusContext', id),
    url: `${url}/repos/${status.repository}/statuses/${status.sha}`,
    avatar_url: null,
    creator: user(url, status.creator),
  };
}

/** Check runs and commit statuses (docs.github.com/rest/checks/runs, rest/commits/statuses). */
export const checkEndpoints: Readonly<Record<string, Endpoint>> = {
  'checks/create': {
    needs: ['checks', 'write'],
    answer: (request, backend) => {
      byApp(request);
      const head_sha = commitOf(request, backend, String(request.body['head_sha']));
      const defaults = {
        status: 'queued',
        conclusion: null,
        started_at: null,
        completed_at: null,
        external_id: '',
        details_url: null,
        output: {},
      };
      const check = { ...timed(request.repository), ...defaults, ...checkFields(request.body), head_sha } as Omit<
        CheckRun,
        'id'
      >;
      return { status: 201, body: checkRunAnswer(backend.url, backend.records.checkRuns.add(check)) };
    },
  },
  'checks/update': {
    needs: ['checks', 'write'],
    answer: (request, { url, records }) => {
      byApp(request);
      const check = records.checkRuns.get(Number(request.values['check_run_id']));
      if (check?.repository !== request.repository) throw new Refusal(404, 'Not Found');
      const updated = { ...check, ...checkFields(request.body), updated_at: new Date().toISOString() };
      records.checkRuns.replace(updated);
      return { status: 200, body: checkRunAnswer(url, updated) };
    },
  },
  'checks/list-for-ref': {
    needs: ['checks', 'read'],
    answer: (request, backend) => {
      const sha = commitOf(request, backend, request.values['ref'] ?? '');
      const { repository, query } = request;
      const asked = (name: string, value: string | null): boolean => !query.has(name) || query.get(name) === value;
      const found = backend.records.checkRuns.newest(
        (check) =>
          check.repository === repository &&
          check.head_sha === sha &&
          asked('check_name', check.name) &&
          asked('status', check.status),
      );
      const check_runs = page(found, query).map((check) => checkRunAnswer(backend.url, check));
      return { status: 200, body: { total_count: found.length, check_runs } };
    },
  },
  'repos/create-commit-status': {
    needs: ['statuses', 'write'],
    answer: (request, backend) => {
      const {
        state,
        context = 'default',
        description = null,
        target_url = null,
      } = request.body as Partial<CommitStatus>;
      tooLong(description);
      const sha = commitOf(request, backend, request.values['sha'] ?? '');
      const given = { state: String(state), context, description, target_url, sha, creator: request.grant.actor };
      const status = backend.records.statuses.add({ ...timed(request.repository), ...given });
      return { status: 201, body: statusAnswer(backend.url, status) };
    },
  },
  'repos/list-commit-statuses-for-ref': {
    needs: ['statuses', 'read'],
    answer: (request, backend) => {
      const sha = commitOf(request, backend, request.values['ref'] ?? '');
      const found = backend.records.statuses.newest(
        (status) => status.repository === request.repository && status.sha === sha,
      );
      return { status: 200, body: page(found, request.query).map((status) => statusAnswer(backend.url, status)) };
    },
  },
  'repos/get-combined-status-for-ref': {
    needs: ['statuses', 'read'],
    answer: (request, backend) => {
      const sha = commitOf(request, backend, request.values['ref'] ?? '');
      return { status: 200, body: combinedAnswer(request.repository, sha, backend) };
    },
  },
};

/** The newest status of each context, and what they say together. */
function combinedAnswer(repository: string, sha: string, { url, records }: Backend): Json {
  const newest = new Map<string, CommitStatus>();
  const found = records.statuses.newest((status) => status.repository === repository && status.sha === sha);
  for (const status of found) if (!newest.has(status.context)) newest.set(status.context, status);
  const statuses = [...newest.values()];
  const states = statuses.map(({ state }) => state);
  const failed = states.some((state) => state === 'failure' || state === 'error');
  const pending = states.length === 0 || states.includes('pending');
  const commit_url = `${url}/repos/${repository}/commits/${sha}`;
  return {
    state: failed ? 'failure' : pending ? 'pending' : 'success',
    statuses: statuses.map((status) => without(statusAnswer(url, status), 'creator')),
    sha,
    total_count: statuses.length,
    repository: repositoryShape(url, repository),
    commit_url,
    url: `${commit_url}/status`,
  };
}

/** GitHub's limit for descriptions of statuses and deployments; the published schema has it in answers only. */
export function tooLong(description: string | null): void {
  if (description !== null && description.length > 140)
    throw new Refusal(422, 'Validation Failed: description is too long (maximum is 140 characters)');
}

/** Contexts of a commit whose newest status or check is not a success: what stops a deployment by default. */
export function unsuccessful(repository: string, sha: string, { records }: Backend): string[] {
  const newest = new Map<string, boolean>();
  for (const { context, state } of records.statuses.newest(
    (status) => status.repository === repository && status.sha === sha,
  )) {
    if (!newest.has(context)) newest.set(context, state === 'success');
  }
  for (const { name, conclusion } of records.checkRuns.newest(
    (check) => check.repository === repository && check.head_sha === sha,
  )) {
    if (!newest.has(name)) newest.set(name, ['success', 'neutral', 'skipped'].includes(conclusion ?? ''));
  }
  return [...newest].filter(([, good]) => !good).map(([context]) => context);
}
