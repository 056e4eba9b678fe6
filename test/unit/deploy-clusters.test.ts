import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { deploy, documents, objectsIn, partsOf } from './deploy-tree.ts';

// What has to be so for every kind of cluster, OpenShift among them; no pod shows it on the ground.

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const examples = join(deploy, '../examples');
const files = [deploy, examples].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && (folder === deploy || /^[^/]+\/deploy\//.test(name)))
    .map((name) => join(folder, name)),
);
const parts = files.flatMap(documents);
const ofKind = (kind: string) =>
  parts.filter((part): part is Resource => (part as Resource | null)?.kind === kind && 'spec' in (part as object));
const named = (kind: string, name: string) => ofKind(kind).filter(({ metadata }) => metadata.name === name);

/** Each operation of a JSON patch, in a file of its own or in a kustomization. */
const operations = [...objectsIn(parts), ...objectsIn(parts).flatMap(({ patch }) => objectsIn(patchOf(patch)))].filter(
  ({ op, path }) => typeof op === 'string' && typeof path === 'string',
) as { readonly path: string; readonly value?: unknown }[];

function patchOf(text: unknown): unknown {
  return typeof text === 'string' ? parse(text) : undefined;
}

it('names the ports of its network policies by number alone', () => {
  const rules = ofKind('NetworkPolicy').flatMap(({ spec }) => objectsIn([spec['ingress'], spec['egress']]));
  const ports = rules.flatMap(({ port }) => (port === undefined ? [] : [port]));
  const patched = operations.flatMap(({ path, value }) => (/gress\/.*\/port$/.test(path) ? [value] : []));
  expect(ports.length).toBeGreaterThan(0);
  expect([...ports, ...patched].filter((port) => typeof port !== 'number')).toEqual([]);
});

it('opens the port that web listens on, on the ground too', () => {
  const [web] = named('Deployment', 'web').flatMap((part) => objectsIn(part).filter((one) => 'containerPort' in one));
  const [policy] = named('NetworkPolicy', 'web').flatMap((part) => objectsIn(part).filter((one) => 'port' in one));
  expect(policy?.['port']).toBe(web?.['containerPort']);
  const ground = objectsIn(partsOf(join(examples, 'stack/deploy/test')));
  const valueAt = (end: RegExp) => ground.find(({ path }) => typeof path === 'string' && end.test(path))?.['value'];
  expect(valueAt(/^\/spec\/ingress\/.*port$/)).toBe(valueAt(/containerPort$/));
});

it('says nowhere how many pods run, so that what was stopped on purpose stays stopped', () => {
  const workloads = ['Deployment', 'StatefulSet'].flatMap(ofKind).filter(({ metadata }) => metadata.name !== 'board');
  expect(workloads.filter(({ spec }) => 'replicas' in spec)).toEqual([]);
  expect(operations.filter(({ path }) => path.endsWith('/replicas'))).toEqual([]);
});

it('has every StatefulSet replace a pod that never became ready', () => {
  const policies = ofKind('StatefulSet').map(({ metadata, spec }) => [metadata.name, spec['podManagementPolicy']]);
  expect(policies.sort()).toEqual([
    ['graph', 'Parallel'],
    ['mysql', 'Parallel'],
    ['worker', 'Parallel'],
  ]);
});

it('has no disruption budget that is unmet while nothing runs', () => {
  const budgets = ofKind('PodDisruptionBudget').map(({ spec }) => [spec['minAvailable'], spec['maxUnavailable']]);
  expect(budgets).toEqual([
    [undefined, 0],
    [undefined, 0],
  ]);
});

it('never has a new and empty volume made for a claim that is filled from outside', () => {
  const readOnly = ofKind('PersistentVolumeClaim').filter(({ spec }) =>
    JSON.stringify(spec['accessModes']).includes('ReadOnlyMany'),
  );
  expect(readOnly.map(({ metadata, spec }) => [metadata.name, spec['storageClassName']]).sort()).toEqual([
    ['fs-input-claim', ''],
    ['fs-production-backup-claim', ''],
  ]);
});
