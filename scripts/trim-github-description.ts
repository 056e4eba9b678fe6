/**
 * Makes packages/testing/src/github/description.json: GitHub's published OpenAPI description, trimmed to the operations that the
 * stand-in serves and to what a validator needs. The package is 400 MB, so it is no dependency:
 *
 *   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz     (in a folder outside the tree)
 *   node scripts/trim-github-description.ts FOLDER/package
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';

const operations = [
  ['post', '/repos/{owner}/{repo}/dispatches'],
  ['post', '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches'],
  ['get', '/repos/{owner}/{repo}/actions/runs'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}'],
  ['post', '/repos/{owner}/{repo}/actions/runs/{run_id}/rerun'],
  ['post', '/repos/{owner}/{repo}/actions/runs/{run_id}/cancel'],
  ['post', '/repos/{owner}/{repo}/check-runs'],
  ['patch', '/repos/{owner}/{repo}/check-runs/{check_run_id}'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/check-runs'],
  ['post', '/repos/{owner}/{repo}/statuses/{sha}'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/statuses'],
  ['get', '/repos/{owner}/{repo}/commits/{ref}/status'],
  ['get', '/repos/{owner}/{repo}/compare/{basehead}'],
  ['post', '/repos/{owner}/{repo}/deployments'],
  ['get', '/repos/{owner}/{repo}/deployments'],
  ['post', '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses'],
  ['get', '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses'],
  ['get', '/orgs/{org}/packages/{package_type}/{package_name}/versions'],
  ['delete', '/orgs/{org}/packages/{package_type}/{package_name}/versions/{package_version_id}'],
  ['get', '/users/{username}/packages/{package_type}/{package_name}/versions'],
  ['delete', '/users/{username}/packages/{package_type}/{package_name}/versions/{package_version_id}'],
] as const;

/** GitHub takes these for users as it does for organizations (its own Link headers name them); the description leaves them out. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  'packages/get-all-package-versions-for-package-owned-by-user': ['page', 'per-page'],
};

type Json = { [key: string]: unknown };

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('usage: trim-github-description.ts FOLDER (of the unpacked @octokit/openapi)');
const read = (path: string): Json => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Json;
const source = read('generated/api.github.com.json');
const kept = new Map<string, unknown>();

/** What a validator reads; everything else is for people. Inside `properties` the keys are names, so all of them stay. */
function strip(node: unknown, names = false): unknown {
  if (Array.isArray(node)) return node.map((item) => strip(item));
  if (typeof node !== 'object' || node === null) return node;
  const out: Json = {};
  for (const [key, value] of Object.entries(node)) {
    if (
      !names &&
      (/^x-/.test(key) || ['description', 'example', 'examples', 'title', 'summary', 'externalDocs'].includes(key))
    )
      continue;
    if (!names && key === '$ref') collect(value as string);
    out[key] = !names && key === 'enum' ? value : strip(value, !names && key === 'properties');
  }
  return out;
}

function resolve(node: unknown): Json {
  const reference = (node as Json)['$ref'];
  if (typeof reference !== 'string') return node as Json;
  return lookUp(reference);
}

function lookUp(reference: string): Json {
  return reference
    .split('/')
    .slice(1)
    .reduce<Json>((at, key) => at[key] as Json, source);
}

function collect(reference: string): void {
  const name = reference.replace('#/components/schemas/', '');
  if (kept.has(name)) return;
  kept.set(name, undefined);
  kept.set(name, strip(lookUp(reference)));
}

function schemaOf(content: unknown): unknown {
  return strip(((content as Json | undefined)?.['application/json'] as Json | undefined)?.['schema']);
}

const trimmed = operations.map(([method, path]) => {
  const operation = (source as { paths: Record<string, Record<string, Json>> }).paths[path]?.[method];
  if (!operation) throw new Error(`the description has no ${method} ${path}`);
  const body = operation['requestBody'] as Json | undefined;
  const more = (leftOut[operation['operationId'] as string] ?? []).map((name) =>
    lookUp(`#/components/parameters/${name}`),
  );
  const responses = Object.entries(operation['responses'] as Json).map(([status, answer]) => [
    status,
    schemaOf(resolve(answer)['content']) ?? null,
  ]);
  return {
    id: operation['operationId'],
    method: method.toUpperCase(),
    path,
    parameters: [...(operation['parameters'] as unknown[]).map(resolve), ...more].map(
      ({ name, in: where, required, schema }) => ({
        name,
        in: where,
        required: required === true,
        schema: strip(schema),
      }),
    ),
    ...(body && { body: { required: body['required'] === true, schema: schemaOf(body['content']) } }),
    responses: Object.fromEntries(responses) as Json,
  };
});
collect('#/components/schemas/basic-error');
const text = JSON.stringify({
  source: `@octokit/openapi ${String(read('package.json')['version'])}`,
  operations: trimmed,
  schemas: Object.fromEntries([...kept].sort(([a], [b]) => (a < b ? -1 : 1))),
});
const target = join(import.meta.dirname, '../packages/testing/src/github/description.json');
writeFileSync(target, await format(text, { parser: 'json', printWidth: 120 }));
process.stdout.write(`${operations.length} operations, ${kept.size} schemas, ${text.length} bytes\n`);
