import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from '../ground/commands.ts';
import { repositoryRoot } from '../ground/settings.ts';
import type { GroundState } from '../ground/state.ts';
import { graphSecrets } from './graph-project.ts';
import { Kubectl } from './kubectl.ts';

const namespace = 'graph-reader';
const component = join(repositoryRoot, 'deploy/components/graph-reader');
const stack = join(repositoryRoot, 'examples/stack');

/** Prints the status of a page and then the page. */
const askPage = `
import sys, urllib.request, urllib.error
try:
    answer = urllib.request.urlopen("http://127.0.0.1:8080" + sys.argv[1])
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
`;

/** Prints the rows of a statement, or why there are none. */
const askGraph = `
import os, sys, json, django
os.environ["DJANGO_SETTINGS_MODULE"] = "stack.settings"
django.setup()
from targets.graph import GraphError, ask
try:
    print(json.dumps(ask(sys.argv[1])))
except GraphError as error:
    print(error)
`;

/** The web workload of the example stack with the component graph-reader, and nothing else of a stack: its database is a file. */
export class GraphReader {
  readonly kubectl: Kubectl;

  private constructor(state: GroundState) {
    this.kubectl = new Kubectl(state);
  }

  static async start(state: GroundState, auth: string): Promise<GraphReader> {
    const reader = new GraphReader(state);
    const image = await pushImage(state);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await reader.kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    await reader.kubectl.apply(...graphSecrets(state, namespace, auth));
    await reader.kubectl.run(['apply', '--server-side', '-k', writeOverlay(state, image)]);
    await reader.kubectl.run(['-n', namespace, 'rollout', 'status', 'deployment/web', '--timeout=60s']);
    return reader;
  }

  /** Status and text of a page. */
  page(path: string): Promise<string> {
    return this.#exec('python3', '-c', askPage, path);
  }

  /** What the application gets for a statement; with another password than its own where one is given. */
  ask(statement: string, password?: string): Promise<string> {
    const auth = password === undefined ? [] : [`NEO4J_AUTH=neo4j/${password}`];
    return this.#exec('env', ...auth, 'python3', '-c', askGraph, statement);
  }

  /** What a start has made, finished or not. */
  static async remove(state: GroundState): Promise<void> {
    await new Kubectl(state).removeNamespace(namespace);
    rmSync(folderOf(state), { recursive: true, force: true });
  }

  async #exec(...command: readonly string[]): Promise<string> {
    return (await this.kubectl.run(['-n', namespace, 'exec', 'deployment/web', '--', ...command])).trim();
  }
}

const folderOf = (state: GroundState) => join(state.directories.run, namespace);

/** An overlay as a project's: the workload, and the component that gives it the graph. */
function writeOverlay(state: GroundState, image: string): string {
  const folder = folderOf(state);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'web.yaml'), JSON.stringify(web(image)));
  const kustomization = { resources: ['web.yaml'], components: [relative(folder, component)], namespace };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
}

async function pushImage(state: GroundState): Promise<string> {
  const { host } = state.registries.basic;
  const image = `${host}/${namespace}/web:1`;
  const options = ['--build-arg', `BASE=${host}/${state.images.web}`, '--tag', image];
  await run('docker', ['buildx', 'build', '--quiet', '--push', ...options, stack], { env: state.environment });
  return image;
}

function web(image: string): object {
  const start = 'python3 manage.py migrate -v 0 && exec gunicorn --bind=0.0.0.0:8080 --worker-tmp-dir=/tmp stack.wsgi';
  const container = {
    name: 'web',
    image,
    imagePullPolicy: 'Always',
    command: ['sh', '-c', start],
    env: [
      { name: 'DATABASE_ENGINE', value: 'sqlite' },
      { name: 'SQLITE_FILE', value: '/tmp/stack.sqlite' },
    ],
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
  const pod = {
    imagePullSecrets: [{ name: 'fs-registry-secrets' }],
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: pod };
  const spec = { selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
}
