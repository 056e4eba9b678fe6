import type { ApiRequest, Backend, Endpoint } from './endpoint.ts';
import { page, Refusal } from './endpoint.ts';
import { tooLong, unsuccessful } from './endpoints-checks.ts';
import type { Deployment, DeploymentStatus } from './records.ts';
import { timed } from './records.ts';
import type { Json } from './shapes.ts';
import { nodeId, user, without } from './shapes.ts';

function deploymentAnswer(url: string, deployment: Deployment): Json {
  const repository_url = `${url}/repos/${deployment.repository}`;
  const self = `${repository_url}/deployments/${deployment.id}`;
  return {
    ...without(deployment, 'repository'),
    node_id: nodeId('Deployment', deployment.id),
    original_environment: deployment.environment,
    creator: user(url, deployment.creator),
    url: self,
    statuses_url: `${self}/statuses`,
    repository_url,
  };
}

function statusAnswer(url: string, status: DeploymentStatus): Json {
  const repository_url = `${url}/repos/${status.repository}`;
  const deployment_url = `${repository_url}/deployments/${status.deployment}`;
  return {
    ...without(status, 'repository', 'deployment'),
    node_id: nodeId('DeploymentStatus', status.id),
    target_url: status.log_url,
    creator: user(url, status.creator),
    url: `${deployment_url}/statuses/${status.id}`,
    deployment_url,
    repository_url,
  };
}

function deploymentOf({ repository, values }: ApiRequest, { records }: Backend): Deployment {
  const deployment = records.deployments.get(Number(values['deployment_id']));
  if (deployment?.repository !== repository) throw new Refusal(404, 'Not Found');
  return deployment;
}

/** A success makes earlier deployments of the environment inactive, unless they are transient or production (`auto_inactive`). */
function deactivateEarlier(deployment: Deployment, backend: Backend, creator: string): void {
  const { deployments, deploymentStatuses } = backend.records;
  const earlier = deployments.newest(
    (other) =>
      other.repository === deployment.repository &&
      other.environment === deployment.environment &&
      other.id < deployment.id,
  );
  for (const { id, environment, repository, transient_environment, production_environment } of earlier) {
    const [latest] = deploymentStatuses.newest((status) => status.deployment === id);
    if (transient_environment || production_environment || latest?.state !== 'success') continue;
    const text = { description: '', environment, environment_url: '', log_url: '' };
    deploymentStatuses.add({ ...timed(repository), ...text, deployment: id, state: 'inactive', creator });
  }
}

/** Deployments and their statuses (docs.github.com/rest/deployments). `auto_merge` merges nothing here. */
export const deploymentEndpoints: Readonly<Record<string, Endpoint>> = {
  'repos/create-deployment': {
    needs: ['deployments', 'write'],
    answer: (request, backend) => {
      const { repository, body, grant } = request;
      const {
        ref = '',
        task = 'deploy',
        payload = '',
        environment = 'production',
        description = '',
      } = body as Partial<Deployment>;
      tooLong(description);
      const found = backend.repositories.resolve(repository, ref);
      if (!found) throw new Refusal(422, `No ref found for: ${ref}`);
      const required = body['required_contexts'] as readonly string[] | undefined;
      const failing = unsuccessful(repository, found.sha, backend).filter(
        (context) => required?.includes(context) ?? true,
      );
      if (failing.length > 0) throw new Refusal(409, `Conflict: Commit status checks failed for ${ref}`);
      const { transient_environment = false, production_environment = environment === 'production' } =
        body as Partial<Deployment>;
      const given = {
        sha: found.sha,
        ref,
        task,
        payload,
        environment,
        description,
        transient_environment,
        production_environment,
      };
      const deployment = backend.records.deployments.add({ ...timed(repository), ...given, creator: grant.actor });
      return { status: 201, body: deploymentAnswer(backend.url, deployment) };
    },
  },
  'repos/list-deployments': {
    needs: ['deployments', 'read'],
    answer: ({ repository, query }, { url, records }) => {
      const filters = ['sha', 'ref', 'task', 'environment'] as const;
      const found = records.deployments.newest(
        (one) =>
          one.repository === repository && filters.every((name) => !query.has(name) || query.get(name) === one[name]),
      );
      return { status: 200, body: page(found, query).map((deployment) => deploymentAnswer(url, deployment)) };
    },
  },
  'repos/create-deployment-status': {
    needs: ['deployments', 'write'],
    answer: (request, backend) => {
      const deployment = deploymentOf(request, backend);
      const {
        state = '',
        description = '',
        environment = deployment.environment,
        environment_url = '',
        log_url = '',
        target_url = '',
      } = request.body as Partial<DeploymentStatus & { target_url: string }>;
      tooLong(description);
      const creator = request.grant.actor;
      const given = {
        deployment: deployment.id,
        state,
        description,
        environment,
        environment_url,
        log_url: log_url || target_url,
      };
      const status = backend.records.deploymentStatuses.add({ ...timed(request.repository), ...given, creator });
      if (state === 'success' && request.body['auto_inactive'] !== false)
        deactivateEarlier(deployment, backend, creator);
      return { status: 201, body: statusAnswer(backend.url, status) };
    },
  },
  'repos/list-deployment-statuses': {
    needs: ['deployments', 'read'],
    answer: (request, backend) => {
      const { id } = deploymentOf(request, backend);
      const found = backend.records.deploymentStatuses.newest((status) => status.deployment === id);
      return { status: 200, body: page(found, request.query).map((status) => statusAnswer(backend.url, status)) };
    },
  },
};
