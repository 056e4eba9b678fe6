import { readState } from '../ground/state.ts';
import { Checkout } from '../road/checkout.ts';
import { groundRegistry } from '../road/registry.ts';

// What a user may get wrong, given to the committed bundle: a clear error that names the field, and nothing is changed.

const state = readState();
const { host } = state.registries.basic;
const path = `e2e/wrong-${Date.now()}`;
const good = `images:
  web: { repository: '${host}/${path}', build: { file: Dockerfile } }
projects:
  test:
    namespace: e2e-wrong
    follows: latest
    workloads: { web: [{ kind: Deployment, name: web, container: web }] }
`;

interface Case {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly says: string | RegExp;
}

const build: Readonly<Record<string, Case>> = {
  'a build number with a sign': { inputs: { 'build-number': '+4' }, says: 'build-number: "+4" is not' },
  'a build number of words': { inputs: { 'build-number': 'latest-4' }, says: 'build-number: "latest-4" is not' },
  'a negative offset': { inputs: { 'build-number-offset': '-1' }, says: 'build-number-offset: "-1" is not' },
  'an offset to a given number': {
    inputs: { 'build-number': '4', 'build-number-offset': '2' },
    says: 'build-number-offset',
  },
  'an unknown builder': {
    inputs: { builder: 'kaniko' },
    says: 'builder: "kaniko" is not one of auto, docker, buildah, podman',
  },
  'a boolean of another language': { inputs: { 'dry-run': 'yes' }, says: 'dry-run: "yes" is not true or false' },
  'a build argument without a value': { inputs: { 'build-args': 'BASE' }, says: 'build-args: line "BASE" is not' },
  'a build argument that the action sets': {
    inputs: { 'build-args': 'GIT_SHA=x' },
    says: 'build-args: GIT_SHA is set by the action',
  },
  'a label that the action sets': {
    inputs: { labels: 'build.number=7' },
    says: 'labels: build.number is set by the action',
  },
  'a platform that is none': { inputs: { platforms: 'amd64' }, says: 'platforms: "amd64" is not a platform' },
  'a username without a password': { inputs: { 'registry-password': '' }, says: 'registry-username' },
  'an image that is not in the file': { inputs: { image: 'wep' }, says: /image: "wep".*web/ },
  'a file that is not there': { inputs: { config: 'no/delivery.yaml' }, says: 'config: ' },
  'a file outside the checkout': { inputs: { config: '../../etc/passwd' }, says: 'config: ' },
  'several at once, all told': {
    inputs: { builder: 'x', 'dry-run': 'y', 'build-number': 'z' },
    says: /3 things are wrong.*dry-run.*build-number.*builder/,
  },
  'an unknown key, with the nearest known one': {
    file: good.replace('repository', 'repositry'),
    says: /delivery\.yaml:2:\d+: .*repository/,
  },
  'YAML that does not parse': { file: `${good}  broken: [\n`, says: /delivery\.yaml:\d+:\d+/ },
  'a repository without a host': {
    file: good.replace(`${host}/`, ''),
    says: /delivery\.yaml:2:\d+: images\.web\.repository/,
  },
  'a repository with a tag': {
    file: good.replace(path, `${path}:latest`),
    says: /delivery\.yaml:2:\d+: images\.web\.repository/,
  },
  'a key given twice': {
    file: good.replace('    follows', '    namespace: other\n    follows'),
    says: /delivery\.yaml:6:5/,
  },
  'a workload of an unknown kind': {
    file: good.replace('kind: Deployment', 'kind: DaemonSet'),
    says: /delivery\.yaml:7:\d+: .*kind/,
  },
  'an empty file': { file: '', says: 'delivery.yaml' },
  'a Dockerfile outside the checkout': {
    file: good.replace('file: Dockerfile', 'file: ../Dockerfile'),
    says: /delivery\.yaml:2:\d+: images\.web\.build\.file/,
  },
};

const deploy: Readonly<Record<string, Case>> = {
  'a project that is not in the file': { inputs: { project: 'tset' }, says: /project: "tset".*test/ },
  'a timeout without a unit': { inputs: { timeout: '15' }, says: 'timeout: "15" is not a duration' },
  'a timeout that no timer can wait for': { inputs: { timeout: '9999h' }, says: 'timeout: "9999h" is not a duration' },
  'an unknown way to fail': {
    inputs: { 'on-failure': 'ignore' },
    says: 'on-failure: "ignore" is not one of rollback, leave',
  },
  'a build that is no build': { inputs: { build: 'v1.2' }, says: 'build: "v1.2" is not' },
  'a digest cut short': { inputs: { build: 'sha256:abc' }, says: 'build: "sha256:abc" is not' },
  'a kubeconfig that is none': { inputs: { kubeconfig: 'token: hunter2-hunter2' }, says: 'kubeconfig' },
  'a kubeconfig that would run a program': {
    inputs: {
      kubeconfig: JSON.stringify({
        'current-context': 'c',
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch' } } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      }),
    },
    says: 'exec',
  },
};

const withJobs = `images: { loader: { repository: '${host}/${path}' }, web: { repository: '${host}/${path}' } }
projects:
  test: { namespace: e2e-wrong, follows: latest, jobs: { loader: { cronJob: loader } } }
  graph: { namespace: e2e-graph, follows: latest }
`;

const launch: Readonly<Record<string, Case>> = {
  'projects that are not in the file, or have no job, all told': {
    inputs: { projects: 'tset, graph' },
    says: /2 things are wrong.*"tset".*did you mean "test".*"graph" has no job for "loader"/,
  },
  'an image that no project launches': {
    inputs: { image: 'web' },
    says: 'image: no project of delivery.yaml has a job',
  },
  'another thing to wait for': { inputs: { wait: 'end' }, says: 'wait: "end" is not one of start, completion' },
  'another way with a running one': { inputs: { 'on-running': 'kill' }, says: 'on-running: "kill" is not one of' },
  'another way with a cancel': { inputs: { 'on-cancel': 'kill' }, says: 'on-cancel: "kill" is not one of' },
  'a timeout without a unit': { inputs: { timeout: '90' }, says: 'timeout: "90" is not a duration' },
  'a context that the kubeconfig lacks': {
    file: withJobs.replace('namespace: e2e-wrong', 'namespace: e2e-wrong, cluster: nowhere'),
    inputs: { kubeconfig: '{current-context: a, contexts: [], clusters: [], users: []}' },
    says: /kubeconfig.*nowhere/,
  },
  'a sign that is no pattern': {
    file: withJobs.replace('cronJob: loader', "cronJob: loader, succeeds: { logMatches: '(' }"),
    says: /delivery\.yaml:3:\d+: .*logMatches: "\(" is not a regular expression/,
  },
  'a job of an unknown image': {
    file: withJobs.replace('jobs: { loader', 'jobs: { laoder'),
    says: /delivery\.yaml:3:\d+: .*"laoder" is not an image.*did you mean "loader"/,
  },
};

const data: Readonly<Record<string, Case>> = {
  'a payload that is no JSON': { inputs: { payload: '{' }, says: 'payload' },
  'a payload with an unknown key': {
    inputs: { payload: '{"dataorigin":"x"}' },
    says: /payload.*dataorigin.*data-origin/,
  },
  'a payload with a wrong type': { inputs: { payload: '{"force":"true"}' }, says: /payload.*force/ },
  'a payload that is too large': {
    inputs: { payload: JSON.stringify({ 'request-id': 'x'.repeat(5000) }) },
    says: /payload.*4/,
  },
  'a payload beside what it says': {
    inputs: { payload: '{}', 'data-origin': '2026-09-15T16' },
    says: 'payload: is given together',
  },
  'a data origin that is no date': { inputs: { 'data-origin': '2026-02-30T16' }, says: 'data-origin: "2026-02-30T16"' },
  'a data origin that leads elsewhere': { inputs: { 'data-origin': '../2026-09-15T16' }, says: 'data-origin: ' },
  'a root that is relative': { inputs: { root: 'data' }, says: 'root: "data" is not an absolute path' },
  'no way to the data': { inputs: { root: '/no/such/folder' }, says: 'projects.test.data.cronJob' },
};

const dispatch: Readonly<Record<string, Case>> = {
  'no event and no workflow': { inputs: { 'github-token': 'x' }, says: 'event-type: or workflow is given' },
  'an event and a workflow': {
    inputs: { 'github-token': 'x', 'event-type': 'a', workflow: 'a.yml' },
    says: 'event-type: or workflow is given',
  },
  'a repository that is none': {
    inputs: { repository: 'acme', 'event-type': 'a', 'github-token': 'x' },
    says: 'repository: "acme" is not',
  },
  'no token': { inputs: { 'event-type': 'a' }, says: 'github-token: is required' },
  'a payload that is no object': {
    inputs: { 'event-type': 'a', 'github-token': 'x', payload: '[1]' },
    says: 'payload: ',
  },
};

const answer: Readonly<Record<string, Case>> = {
  'an id that is none': { inputs: { 'request-id': 'a b', state: 'success' }, says: 'request-id: "a b" is not' },
  'a state that is none': { inputs: { 'request-id': 'a', state: 'done' }, says: 'state: "done" is not one of' },
};

function casesOf(action: string, given: Readonly<Record<string, Case>>, more: Case = { says: '' }) {
  return Object.entries(given).map(
    ([name, one]) => [action, name, { ...more, ...one, inputs: { ...more.inputs, ...one.inputs } }] as const,
  );
}

const cases = [
  ...casesOf('build-and-tag', build),
  ...casesOf('deploy-test', deploy),
  ...casesOf('launch-loader', launch, { file: withJobs, says: '' }),
  ...casesOf('detect-data', data, { file: withJobs, says: '' }),
  ...casesOf('dispatch', dispatch, { inputs: { repository: 'acme/stack' }, says: '' }),
  ...casesOf('answer-call', answer, { inputs: { 'github-token': 'x' }, says: '' }),
];

it.each(cases)('%s refuses %s', async (action, _, { inputs, file = good, says }) => {
  const checkout = new Checkout(state, { 'delivery.yaml': file, Dockerfile: 'FROM scratch\n' });
  const { exitCode, log, outputs, summary } = await checkout.run(action, inputs);
  checkout.remove();
  const error = new RegExp(`^::error[^:]*::${action}: (.*)$`, 'm').exec(log)?.[1] ?? log;
  expect(error.replaceAll('%0A', '; ')).toMatch(says);
  expect(log).not.toContain('hunter2');
  expect(log).not.toMatch(/at .*\.js:\d+/);
  expect([exitCode, outputs['result'], summary.includes('🔴')]).toEqual([1, 'failure', true]);
});

afterAll(async () => {
  const tags = await groundRegistry(state).listTags({ host, path }, new AbortController().signal);
  expect(tags).toEqual([]);
});
