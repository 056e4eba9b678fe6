import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Workflow {
  readonly on: { readonly workflow_dispatch: { readonly inputs: Record<string, { readonly default?: unknown }> } };
  readonly jobs: Record<
    string,
    { readonly environment?: string; readonly steps: readonly { readonly id?: string; readonly with: object }[] }
  >;
}

const read = (name: string) =>
  parse(readFileSync(join(import.meta.dirname, '../../.github/workflows', name), 'utf8')) as Workflow;

it.each([
  ['db-backup.yml', 'backup'],
  ['restore-drill.yml', 'drill'],
])('%s fails of a schedule when something is yellow, so that mail is sent', (name, job) => {
  const step = read(name).jobs[job]!.steps.find(({ id }) => id === job);
  expect(step?.with).toMatchObject({
    'unstable-is': "${{ github.event_name == 'schedule' && 'failure' || 'success' }}",
  });
});

it('db-restore.yml asks for an approval only where something is changed, and lists when nothing is said', () => {
  const { on, jobs } = read('db-restore.yml');
  expect(jobs['restore']!.environment).toMatch(
    /^\$\{\{ inputs\.confirm != '' && \(!inputs\.dry-run \|\| .* == 'oidc'\) &&/,
  );
  expect(on.workflow_dispatch.inputs['backup']!.default).toBe('list');
});
