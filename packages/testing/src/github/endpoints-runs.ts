import type { ApiRequest, Backend, Endpoint } from './endpoint.ts';
import { page, Refusal } from './endpoint.ts';
import { startDispatched, startManually } from './events.ts';
import type { Run } from './run.ts';
import type { Json } from './shapes.ts';
import { runPage, workflowRun } from './shapes.ts';

const maxPayloadBytes = 64 * 1024;

function runOf({ repository, values }: ApiRequest, { runs }: Backend): Run {
  const run = runs.store.get(Number(values['run_id']));
  if (run?.repository !== repository) throw new Refusal(404, 'Not Found');
  return run;
}

function runAnswer({ url, repositories }: Backend, run: Run): Json {
  return workflowRun(url, run, repositories.commit(run.repository, run.sha));
}

function isWanted(run: Run, query: URLSearchParams): boolean {
  const asked = (name: string, ...values: readonly (string | null)[]): boolean =>
    !query.has(name) || values.includes(query.get(name));
  return (
    asked('head_sha', run.sha) &&
    asked('event', run.event) &&
    asked('actor', run.actor) &&
    asked('branch', run.ref.replace(/^refs\/(?:heads|tags)\//, '')) &&
    asked('status', run.status, run.conclusion)
  );
}

/** Dispatches and workflow runs (docs.github.com/rest/repos/repos, rest/actions/workflows, rest/actions/workflow-runs). */
export const runEndpoints: Readonly<Record<string, Endpoint>> = {
  'repos/create-dispatch-event': {
    needs: ['contents', 'write'],
    answer: ({ repository, body, grant }, backend) => {
      const payload = (body['client_payload'] ?? {}) as Json;
      if (Buffer.byteLength(JSON.stringify(payload)) >= maxPayloadBytes)
        throw new Refusal(422, 'client_payload is too large.');
      startDispatched(backend, repository, String(body['event_type']), payload, grant.actor);
      return { status: 204 };
    },
  },
  'actions/create-workflow-dispatch': {
    needs: ['actions', 'write'],
    answer: ({ repository, values, body, grant }, backend) => {
      const inputs = (body['inputs'] ?? {}) as Json;
      const run = startManually(
        backend,
        repository,
        values['workflow_id'] ?? '',
        String(body['ref']),
        inputs,
        grant.actor,
      );
      if (body['return_run_details'] !== true) return { status: 204 };
      const run_url = `${backend.url}/repos/${repository}/actions/runs/${run.id}`;
      return { status: 200, body: { workflow_run_id: run.id, run_url, html_url: runPage(backend.url, run) } };
    },
  },
  'actions/list-workflow-runs-for-repo': {
    needs: ['actions', 'read'],
    answer: ({ repository, query }, backend) => {
      const found = backend.runs.store.list(repository).filter((run) => isWanted(run, query));
      const workflow_runs = page(found, query).map((run) => runAnswer(backend, run));
      return { status: 200, body: { total_count: found.length, workflow_runs } };
    },
  },
  'actions/get-workflow-run': {
    needs: ['actions', 'read'],
    answer: (request, backend) => ({ status: 200, body: runAnswer(backend, runOf(request, backend)) }),
  },
  'actions/re-run-workflow': {
    needs: ['actions', 'write'],
    answer: (request, backend) => {
      const run = runOf(request, backend);
      if (run.status !== 'completed') throw new Refusal(403, 'This workflow is already running');
      backend.runs.rerun(run);
      return { status: 201, body: {} };
    },
  },
  'actions/cancel-workflow-run': {
    needs: ['actions', 'write'],
    answer: (request, backend) => {
      const run = runOf(request, backend);
      if (run.status === 'completed') throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
      backend.runs.cancel(run.id);
      return { status: 202, body: {} };
    },
  },
};
