import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { parse, parseDocument, stringify } from 'yaml';
import type { Example } from '../../scripts/docs-examples.ts';
import { yamlBlocks, yamlExamples } from '../../scripts/docs-examples.ts';

const root = join(import.meta.dirname, '..', '..');
const examples = yamlExamples(root);
const place = ({ file, line }: Example) => `${file}:${line}`;
const of = (kind: Example['kind']) =>
  examples.filter((example) => example.kind === kind).map((example) => ({ ...example, place: place(example) }));

type Names = Readonly<Record<string, unknown>>;

interface Job {
  readonly uses?: string;
  readonly with?: Names;
  readonly secrets?: Names;
  readonly permissions?: Names;
  readonly steps?: readonly { readonly uses?: string; readonly with?: Names }[];
}

interface Workflow {
  readonly on: {
    readonly workflow_call: {
      readonly inputs?: Readonly<Record<string, { readonly required?: boolean }>>;
      readonly secrets?: Names;
    };
  };
  readonly jobs: Readonly<Record<string, Job>>;
}

const jobsOf = (text: string): Job[] => Object.values((parse(text) as Workflow).jobs);
const keys = (names: Names | undefined) => Object.keys(names ?? {});

/** What a job that calls one of the suite's workflows gives it, and that workflow. */
function callsIn(text: string): { called: Workflow; job: Job }[] {
  return jobsOf(text).flatMap((job) => {
    const file = /^InformaticsMatters\/fragalysis-actions\/(\.github\/workflows\/[\w-]+\.yml)@v1$/.exec(
      job.uses ?? '',
    )?.[1];
    if (file === undefined) return [];
    return [{ called: parse(readFileSync(join(root, file), 'utf8')) as Workflow, job }];
  });
}

function stepsIn(text: string): { action: string; given: Names }[] {
  return jobsOf(text).flatMap(({ steps = [] }) =>
    steps.flatMap(({ uses = '', with: given = {} }) => {
      const action = /^InformaticsMatters\/fragalysis-actions\/actions\/([\w-]+)@v1$/.exec(uses)?.[1];
      return action === undefined ? [] : [{ action, given }];
    }),
  );
}

const suite = /^InformaticsMatters\/fragalysis-actions\/(?:actions\/[\w-]+|\.github\/workflows\/[\w-]+\.yml)@v1$/;

/** Each with the comment behind it that tells the version of a hash. */
const usedIn = (text: string) => [...text.matchAll(/\buses: (\S+(?: # \S+)?)/g)].map(([, used = '']) => used);

const usedHere = globSync('.github/workflows/*.yml', { cwd: root }).flatMap((file) =>
  usedIn(readFileSync(join(root, file), 'utf8')),
);

/** Login of the registry by its name, in capitals as a secret has it. */
const loginsIn = (text: string) =>
  [...text.matchAll(/\b(registry[-_](?:username|password)): (.+)/gi)].map(([, name = '', value = '']) => ({
    name: name.toUpperCase().replace('-', '_'),
    value,
  }));

/** A page may show the part that it speaks of: what every delivery.yaml has besides stands here. */
function whole(text: string): string {
  const given = parse(text) as { images?: Names; projects?: Readonly<Record<string, Names>> };
  if (given.images && given.projects) return text;
  const image = { repository: 'registry.example.org/a/b', promoted: 'registry.example.org/c/d' };
  const projects = Object.entries(given.projects ?? {}).map(([name, project]) => [
    name,
    { namespace: `fragalysis-${name}`, follows: 'latest', ...project },
  ]);
  return stringify({
    images: { web: image, loader: image },
    ...given,
    ...(projects.length > 0 && { projects: Object.fromEntries(projects) as Names }),
  });
}

describe('the examples in the pages', () => {
  it('are there: workflows, topologies and parts of them', () => {
    expect(of('workflow').map(({ file }) => file)).toEqual(expect.arrayContaining(['README.md', 'docs/adopting.md']));
    expect(of('topology').map(({ file }) => file)).toContain('README.md');
  });

  it.each(examples.map((example) => ({ ...example, place: place(example) })))('$place is YAML', ({ text }) => {
    expect(parseDocument(text).errors.map(({ message }) => message)).toEqual([]);
  });

  it.each(of('topology'))('$place is a delivery.yaml that the parser takes', ({ text, place: name }) => {
    expect(() => parseTopology(whole(text), name)).not.toThrow();
  });

  it.each(of('workflow'))('$place gives a workflow of the suite only inputs and secrets that it takes', ({ text }) => {
    for (const { called, job } of callsIn(text)) {
      const { inputs = {}, secrets } = called.on.workflow_call;
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(keys(job.with)));
      expect(keys(secrets)).toEqual(expect.arrayContaining(keys(job.secrets)));
      const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
      expect(keys(job.with)).toEqual(expect.arrayContaining(required));
    }
  });

  it.each(of('workflow'))(
    '$place grants what the called workflow asks for, or GitHub would not start it',
    ({ text }) => {
      for (const { called, job } of callsIn(text)) {
        const asked = Object.values(called.jobs).flatMap(({ permissions = {} }) =>
          Object.entries(permissions).map(([scope, level]) => `${scope}: ${String(level)}`),
        );
        const granted = Object.entries(job.permissions ?? {}).map(([scope, level]) => `${scope}: ${String(level)}`);
        expect(granted).toEqual(expect.arrayContaining([...new Set(asked)]));
      }
    },
  );

  it.each(of('workflow'))('$place gives an action only inputs that it has, and those that it demands', ({ text }) => {
    for (const { action, given } of stepsIn(text)) {
      const file = join(root, 'actions', action, 'action.yml');
      expect([basename(action), existsSync(file)]).toEqual([action, true]);
      const { inputs } = parse(readFileSync(file, 'utf8')) as Pick<Workflow['on']['workflow_call'], 'inputs'>;
      expect(keys(inputs)).toEqual(expect.arrayContaining(keys(given)));
      const required = Object.entries(inputs ?? {}).filter(([, input]) => input.required);
      expect(keys(given)).toEqual(expect.arrayContaining(required.map(([name]) => name)));
    }
  });
});

describe('docs/delivery-file.md', () => {
  const page = readFileSync(join(root, 'docs/delivery-file.md'), 'utf8');
  const [first] = yamlBlocks(page, 'docs/delivery-file.md');

  it('shows what the actions say of two typing errors in its example', () => {
    const wrong = first!.text.replace('kind: StatefulSet', 'kind: deployment').replace('within:', 'witin:');
    const shown = /^```\n(\.github\/delivery\.yaml:.*?)\n```$/ms.exec(page)?.[1];
    expect(() => parseTopology(wrong, '.github/delivery.yaml')).toThrow(new Error(shown));
  });

  it('has the address of the schema that examples/stack has, of a file that is there', () => {
    const [line] = readFileSync(join(root, 'examples/stack/.github/delivery.yaml'), 'utf8').split('\n');
    expect(first!.text.split('\n')[0]).toBe(line);
    expect(existsSync(join(root, line!.split('/v1/')[1]!))).toBe(true);
  });
});

it('examples/README.md has a row for every workflow of the stack', () => {
  const table = readFileSync(join(root, 'examples/README.md'), 'utf8');
  const workflows = globSync('stack/.github/workflows/*.yml', { cwd: join(root, 'examples') });
  expect(workflows.filter((file) => !table.includes(`](${file}) `))).toEqual([]);
});

describe('what is copied from any page', () => {
  const users = examples.filter(({ text }) => usedIn(text).length > 0).map((one) => ({ ...one, place: place(one) }));

  it.each(users)(
    '$place names the suite by its tag, and what is foreign by the hash that the suite has',
    ({ text }) => {
      expect(usedIn(text).filter((used) => !suite.test(used) && !usedHere.includes(used))).toEqual([]);
    },
  );

  it.each(users)('$place takes both halves of the login of a registry from secrets of one name', ({ text }) => {
    for (const { name, value } of loginsIn(text)) expect(value).toBe(`\${{ secrets.${name} }}`);
  });
});

describe('yamlBlocks', () => {
  it('finds blocks with their lines, and those in a list as far to the left as their fence', () => {
    const text =
      'One\n\n```yaml\non: push\njobs: {}\n```\n\n- two:\n\n  ```yml\n  images:\n    web: {}\n  ```\n\n```sh\nimages:\n```\n';
    expect(yamlBlocks(text, 'a.md')).toEqual([
      { file: 'a.md', line: 4, text: 'on: push\njobs: {}\n', kind: 'workflow' },
      { file: 'a.md', line: 11, text: 'images:\n  web: {}\n', kind: 'topology' },
    ]);
  });

  it('takes a block of several files apart where their names stand', () => {
    const text = '```yaml\n# .github/workflows/a.yml\non: push\njobs: {}\n\n# .github/delivery.yaml\nimages: {}\n```\n';
    expect(yamlBlocks(text, 'a.md').map(({ line, kind }) => [line, kind])).toEqual([
      [2, 'workflow'],
      [6, 'topology'],
    ]);
  });

  it('takes a part of a workflow, or of something else, for a fragment', () => {
    expect(yamlBlocks('```yaml\nwith:\n  repository: acme/stack\n```\n', 'a.md')).toMatchObject([{ kind: 'fragment' }]);
    expect(yamlBlocks('```yaml\nresources: []\nimages: []\n```\n', 'a.md')).toMatchObject([{ kind: 'fragment' }]);
  });
});
