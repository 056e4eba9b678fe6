import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { readGuide } from '../road/guide.ts';

// docs/adopting.md is what test/e2e/adopting.test.ts follows; what needs no cluster is held here.

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples/board');
const page = join(root, 'docs/adopting.md');
const read = (file: string): string => readFileSync(file, 'utf8');
const lines = (text: string): number => text.trimEnd().split('\n').length;
const { files, shell } = readGuide(page);
const workflows = readdirSync(join(example, '.github/workflows')).map((name) => `.github/workflows/${name}`);

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly rules: readonly Rule[];
}

const manifests = (file: string): Manifest[] => parseAllDocuments(read(file)).map((one) => one.toJS() as Manifest);

/** `group/resource verb` of a Role, sorted; without Jobs, which the example has none of, unless they are asked for. */
function rightsOf(file: string, role: string, skip: RegExp = /^$/): string[] {
  const rules = manifests(file).find(({ kind, metadata }) => kind === 'Role' && metadata.name === role)?.rules ?? [];
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((one) => verbs.map((verb) => `${group}/${one} ${verb}`))),
    )
    .filter((right) => !skip.test(right))
    .sort();
}

const shipped = (action: string, skip?: RegExp): string[] =>
  rightsOf(join(root, 'deploy/components/access', action, 'role.yaml'), action, skip);

describe('docs/adopting.md', () => {
  it('shows the topology and every workflow of the example, byte for byte', () => {
    expect(Object.keys(files).sort()).toEqual(['.github/delivery.yaml', ...workflows].sort());
    for (const [path, text] of Object.entries(files)) expect(text).toBe(read(join(example, path)));
  });

  it('is as short as it promises: 15 lines for a workflow, 30 for the topology, 150 for the page', () => {
    for (const path of workflows) expect([path, lines(read(join(example, path))) <= 15]).toEqual([path, true]);
    expect(lines(read(join(example, '.github/delivery.yaml')))).toBeLessThanOrEqual(30);
    expect(lines(read(page))).toBeLessThanOrEqual(150);
  });

  it('has every address of the example replaced in its first block', () => {
    const topology = parse(read(join(example, '.github/delivery.yaml'))) as object;
    const hosts = new Set(JSON.stringify(topology).match(/[\w.]+\.example\.org(?:\/acme)?/g));
    for (const host of hosts) expect(shell[0]).toContain(`${host}#$`);
  });
});

describe('the manifests of the example', () => {
  it('enforce Pod Security restricted in each namespace', () => {
    for (const project of ['preview', 'live']) {
      const [namespace] = manifests(join(example, 'deploy', `${project}.yaml`));
      expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: `board-${project}` } });
      expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    }
  });

  it('give the accounts what the shipped Roles have, without what needs CronJobs', () => {
    const access = join(example, 'deploy/access.yaml');
    expect(rightsOf(access, 'rollout')).toEqual(shipped('deploy-test'));
    const look = [...shipped('list-builds'), ...shipped('prune-builds', /cronjobs/)];
    expect(rightsOf(access, 'look')).toEqual([...new Set(look)].sort());
    const promotes = shipped('promote-stable', /^batch\/|^\/pods get/);
    expect(rightsOf(access, 'rollout')).toEqual(promotes);
  });
});
