import { jest } from '@jest/globals';
import type { V1Container, V1Job } from '@kubernetes/client-node';
import { PatchStrategy } from '@kubernetes/client-node';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import type { Container } from '@delivery/core/domain/workload';
import type { JobsKit, KitVariables, ScriptedRun } from '@delivery/testing/contracts/jobs-kit';
import { jobsContract } from '@delivery/testing/contracts/jobs';
import { randomBytes } from 'node:crypto';
import { readState } from '../ground/state.ts';
import { GroundNamespace, shellPod } from './jobs-ground.ts';

const labels = { 'example.org/template': 'x' };

async function realKit(): Promise<JobsKit> {
  const ground = await GroundNamespace.make();
  const { namespace, api } = ground;
  let events = 0;
  return {
    jobs: connectCluster({ env: { KUBECONFIG: readState().cluster.kubeconfig }, clock: systemClock, mask: () => {} })
      .jobs,
    namespace,
    async createCronJob(name, containers, env = {}) {
      const [initContainers, others] = [of(containers, true, env), of(containers, false, env)];
      const pod = { restartPolicy: 'Never', initContainers, containers: others };
      const spec = { suspend: true, template: { metadata: { labels }, spec: pod } };
      await ground.createCronJob(name, { metadata: { labels }, spec });
    },
    async createScript(name, runs) {
      const state = { volumes: [{ name: 'state', emptyDir: {} }], restartPolicy: 'OnFailure' };
      const pod = shellPod(scriptOf(runs), state, { volumeMounts: [{ name: 'state', mountPath: '/state' }] });
      await ground.createCronJob(name, {
        metadata: { labels },
        spec: { template: { metadata: { labels }, spec: pod } },
      });
    },
    async readPodTemplate({ name }) {
      const job = await api.read<V1Job>(ground.object('batch/v1', 'Job', name));
      const { metadata, spec } = job.spec!.template;
      const containers = [...from(spec?.initContainers ?? [], true), ...from(spec?.containers ?? [], false)];
      const env = variablesOf([...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]);
      return { containers, env, labels: metadata?.labels ?? {} };
    },
    async touch({ name }) {
      const body = ground.object('batch/v1', 'Job', name, { annotations: { 'example.org/touched': 'yes' } });
      await api.patch(body, undefined, undefined, 'a-controller', undefined, PatchStrategy.MergePatch);
    },
    async createPod(name, podLabels) {
      // A scheduler that does not exist: no node ever takes the pod.
      const spec = { schedulerName: 'nobody', containers: [{ name: 'main', image: 'registry.example.org/main:1' }] };
      await ground.create('v1', 'Pod', name, { spec }, { labels: podLabels });
    },
    async deletePod(name) {
      await api.delete(ground.object('v1', 'Pod', name), undefined, undefined, 0);
    },
    async createEvent(name, reason, message) {
      events += 1;
      const lastTimestamp = new Date(Date.now() + events * 1000).toISOString();
      const involvedObject = { kind: 'Pod', name, namespace };
      const event = { involvedObject, reason, message, type: 'Warning', count: 1, lastTimestamp };
      await ground.create('v1', 'Event', `${name}.${randomBytes(4).toString('hex')}`, event);
    },
    async close() {
      await ground.remove();
    },
  };
}

function of(containers: readonly Container[], init: boolean, env: KitVariables): object[] {
  const entry = ([name, value]: [string, KitVariables[string][string]]) =>
    typeof value === 'string'
      ? { name, value }
      : { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } };
  return containers
    .filter((one) => one.init === init)
    .map(({ name, image }) => ({ name, image, env: Object.entries(env[name] ?? {}).map(entry) }));
}

/** Those that are no reference, as Kubernetes hands them to the program: `$$` becomes `$`. */
function variablesOf(containers: readonly V1Container[]): Record<string, Record<string, string>> {
  const literals = ({ env = [] }: V1Container) =>
    env
      .filter(({ valueFrom }) => !valueFrom)
      .map(({ name, value = '' }) => [name, value.replaceAll('$$', '$')] as const);
  return Object.fromEntries(
    containers
      .map((container) => [container.name, Object.fromEntries(literals(container))] as const)
      .filter(([, variables]) => Object.keys(variables).length > 0),
  );
}

function from(containers: readonly V1Container[], init: boolean): Container[] {
  return containers.map(({ name, image = '' }) => ({ name, image, init }));
}

/** Counts its runs in a volume of the pod. */
function scriptOf(runs: readonly ScriptedRun[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const print = (lines: readonly string[]) => lines.map((line) => `printf '%s\\n' ${quoted(line)}; sleep 0.4;`);
  const cases = runs.map(({ lines, exitCode }, index) => `${index}) ${print(lines).join(' ')} exit ${exitCode};;`);
  return `n=$(cat /state/n 2>/dev/null || echo 0); echo $((n + 1)) > /state/n; case $n in ${cases.join(' ')} esac`;
}

jest.setTimeout(90_000);
jobsContract('The adapter of a real API server', realKit);
