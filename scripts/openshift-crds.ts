/**
 * Writes test/openshift/crds.json: OpenShift's kinds as CustomResourceDefinitions, from the schema that OpenShift publishes in the Go module
 * github.com/openshift/api (Apache-2.0). Descriptions are left out, references resolved, and what a structural schema needs put in.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const source = 'github.com/openshift/api@v0.0.0-20240830023148-b7d0481c9094';
const target = join(import.meta.dirname, '..', 'test/openshift/crds.json');

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly [extension: `x-kubernetes-${string}`]: unknown;
}
type Definitions = Readonly<Record<string, Schema>>;

const intOrString = { 'x-kubernetes-int-or-string': true };
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const texts = { type: 'object', additionalProperties: { type: 'string' } };

/** What is told otherwise than by its definition. Of the metadata of a pod template only what one writes there. */
const special: Readonly<Record<string, object>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': intOrString,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': anything,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time', nullable: true },
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': {
    type: 'object',
    properties: { name: { type: 'string' }, labels: texts, annotations: texts },
  },
};

function inline(schema: Schema, definitions: Definitions): Record<string, unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    const definition = definitions[name];
    if (!definition) throw new Error(`no definition ${name}`);
    return { ...(special[name] ?? inline(definition, definitions)) };
  }
  const { type, format, properties, additionalProperties, items } = schema;
  const entries = Object.entries(properties ?? {}).map(([key, value]) => [key, inline(value, definitions)] as const);
  return {
    type,
    ...(format !== undefined && { format }),
    ...(properties && { properties: Object.fromEntries(entries) }),
    ...(additionalProperties && { additionalProperties: inline(additionalProperties, definitions) }),
    ...(items && list(schema, inline(items, definitions))),
    ...('x-kubernetes-map-type' in schema && { 'x-kubernetes-map-type': schema['x-kubernetes-map-type'] }),
  };
}

/** A list that the real server merges by a key is one here too: server-side apply shall behave alike. Each key is required or has a default. */
function list(schema: Schema, items: Record<string, unknown>): object {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const given = schema['x-kubernetes-list-map-keys'] as string[] | undefined;
  const keys = given ?? (typeof mergeKey === 'string' && items['properties'] ? [mergeKey] : undefined);
  if (!keys)
    return {
      items,
      ...('x-kubernetes-list-type' in schema && { 'x-kubernetes-list-type': schema['x-kubernetes-list-type'] }),
    };
  const properties = { ...(items['properties'] as Record<string, object>) };
  if (keys.includes('protocol')) properties['protocol'] = { type: 'string', default: 'TCP' };
  const required = keys.filter((key) => key !== 'protocol');
  return {
    items: { ...items, properties, required },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': keys,
  };
}

function crd(
  group: string,
  kind: string,
  shortNames: readonly string[],
  openAPIV3Schema: object,
  subresources: object,
): object {
  const singular = kind.toLowerCase();
  const names = { kind, listKind: `${kind}List`, plural: `${singular}s`, singular, shortNames };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, subresources };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}`, annotations: { source, license: 'Apache-2.0' } },
    spec: { group, names, scope: 'Namespaced', versions: [version] },
  };
}

function schemaOf(definitions: Definitions, name: string): object {
  const definition = definitions[name];
  if (!definition) throw new Error(`no definition ${name}`);
  const { properties = {} } = definition;
  // The object's own metadata is the API server's.
  return inline({ ...definition, properties: { ...properties, metadata: { type: 'object' } } }, definitions);
}

/** Without descriptions. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== 'description' || typeof inner !== 'string');
  return Object.fromEntries(entries.map(([key, inner]) => [key, bare(inner)]));
}

const download = execFileSync('go', ['mod', 'download', '-json', source], { encoding: 'utf8', cwd: '/' });
const { Dir } = JSON.parse(download) as { Dir: string };
const read = (file: string) => readFileSync(join(Dir, file), 'utf8');
const { definitions } = JSON.parse(read('openapi/openapi.json')) as { definitions: Definitions };
const route = parse(read('route/v1/zz_generated.crd-manifests/routes-Default.crd.yaml')) as {
  spec: { versions: { schema: { openAPIV3Schema: object } }[] };
};
const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
const api = 'com.github.openshift.api';
const items = [
  crd('apps.openshift.io', 'DeploymentConfig', ['dc'], schemaOf(definitions, `${api}.apps.v1.DeploymentConfig`), {
    status: {},
    scale,
  }),
  crd('image.openshift.io', 'ImageStream', ['is'], schemaOf(definitions, `${api}.image.v1.ImageStream`), {
    status: {},
  }),
  crd('route.openshift.io', 'Route', [], route.spec.versions[0]?.schema.openAPIV3Schema ?? {}, { status: {} }),
];
const manifest = { apiVersion: 'v1', kind: 'List', items: bare(items) };
writeFileSync(target, `${JSON.stringify(manifest)}\n`);
