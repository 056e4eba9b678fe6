import type { Backend } from './endpoint.ts';
import { Refusal } from './endpoint.ts';
import type { RefUpdate } from './repositories.ts';
import { defaultBranch, isCreation, isDeletion } from './repositories.ts';
import type { Run } from './run.ts';
import type { Json } from './shapes.ts';
import { repository as repositoryShape, user } from './shapes.ts';
import type { Workflow } from './workflows.ts';
import { dispatchInputs, startsOnDispatch, startsOnPush } from './workflows.ts';

/** git says not who pushes. */
const actor = 'operator';

/** One run for each workflow that a push starts, as the workflows stand in the commit pushed. */
export function startPushed(backend: Backend, repository: string, update: RefUpdate): Run[] {
  const { repositories, runs, url } = backend;
  const found = isDeletion(update) ? undefined : repositories.resolve(repository, update.ref);
  if (!found) return [];
  const { sha } = found;
  const { message, timestamp, author } = repositories.commit(repository, sha);
  const commit = { id: sha, message, timestamp, author: { ...author, username: actor }, committer: author };
  const payload = {
    ...common(url, repository, actor),
    ...update,
    created: isCreation(update),
    deleted: false,
    forced: false,
    head_commit: commit,
    commits: [commit],
    pusher: { name: actor, email: author.email },
  };
  const pushed = { ref: update.ref, paths: () => repositories.changedPaths(repository, { ...update, after: sha }) };
  const [title = ''] = message.split('\n');
  return workflowsOf(backend, repository, sha)
    .filter((workflow) => startsOnPush(workflow, pushed))
    .map((workflow) =>
      runs.start({ repository, workflow, event: 'push', payload, ref: update.ref, sha, actor, title }),
    );
}

/** Always the default branch, as on GitHub. */
export function startDispatched(
  backend: Backend,
  repository: string,
  eventType: string,
  clientPayload: Json,
  sender: string,
): Run[] {
  const found = backend.repositories.resolve(repository, defaultBranch);
  if (!found) return [];
  const payload = {
    ...common(backend.url, repository, sender),
    action: eventType,
    branch: defaultBranch,
    client_payload: clientPayload,
  };
  return workflowsOf(backend, repository, found.sha)
    .filter((workflow) => startsOnDispatch(workflow, eventType))
    .map((workflow) =>
      backend.runs.start({
        repository,
        workflow,
        event: 'repository_dispatch',
        payload,
        ...found,
        actor: sender,
        title: eventType,
      }),
    );
}

/** Throws a Refusal when there is no such workflow or ref, or when the inputs do not fit. `file` is its name or path. */
export function startManually(
  backend: Backend,
  repository: string,
  file: string,
  name: string,
  given: Json,
  sender: string,
): Run {
  const found = backend.repositories.resolve(repository, name);
  if (!found) throw new Refusal(422, `No ref found for: ${name}`);
  const path = file.startsWith('.github/') ? file : `.github/workflows/${file}`;
  const workflow = workflowsOf(backend, repository, found.sha).find((one) => one.path === path);
  if (!workflow) throw new Refusal(404, 'Not Found');
  const read = dispatchInputs(workflow, given);
  if ('problem' in read) throw new Refusal(422, read.problem);
  const payload = { ...common(backend.url, repository, sender), inputs: read.inputs, ref: found.ref, workflow: path };
  const { ref, sha } = found;
  return backend.runs.start({
    repository,
    workflow,
    event: 'workflow_dispatch',
    payload,
    ref,
    sha,
    actor: sender,
    title: workflow.name,
  });
}

function workflowsOf({ repositories, log }: Backend, repository: string, sha: string): Workflow[] {
  return repositories.workflows(repository, sha, (reason) => log(`${repository}: ${reason}`));
}

function common(url: string, repository: string, sender: string): Json {
  return { repository: repositoryShape(url, repository), sender: user(url, sender) };
}
