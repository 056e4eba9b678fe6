import { dispatchInputs, parseWorkflow, startsOnDispatch, startsOnPush } from '@delivery/testing/github/workflows';

function workflow(on: string, more = ''): ReturnType<typeof parseWorkflow> {
  return parseWorkflow('.github/workflows/ci.yml', `on: ${on}\n${more}\njobs: { a: { runs-on: x, steps: [] } }\n`);
}

const pushOf = (ref: string, paths: readonly string[] = []) => ({ ref, paths: () => paths });

describe('what a push starts', () => {
  it.each([
    ['push', 'refs/heads/any', true],
    ['[pull_request, push]', 'refs/tags/v1', true],
    ['pull_request', 'refs/heads/main', false],
    ['{ push: }', 'refs/heads/main', true],
    ['{ push: { branches: [main] } }', 'refs/heads/main', true],
    ['{ push: { branches: [main] } }', 'refs/heads/other', false],
    ['{ push: { branches: [main] } }', 'refs/tags/main', false],
    ['{ push: { branches-ignore: [main] } }', 'refs/heads/other', true],
    ['{ push: { branches-ignore: [main] } }', 'refs/heads/main', false],
    ['{ push: { tags: ["v*"] } }', 'refs/tags/v1', true],
    ['{ push: { tags: ["v*"] } }', 'refs/heads/v1', false],
    ['{ push: { tags: ["v*"], branches: [main] } }', 'refs/heads/main', true],
    ['{ push: { tags-ignore: ["v*"] } }', 'refs/tags/v1', false],
  ])('on: %s with %s: %s', (on, ref, starts) => {
    expect(startsOnPush(workflow(on), pushOf(ref))).toBe(starts);
  });

  it.each([
    ['paths: [src/**]', ['src/a.ts', 'README.md'], true],
    ['paths: [src/**]', ['README.md'], false],
    ['paths-ignore: [docs/**]', ['docs/a.md'], false],
    ['paths-ignore: [docs/**]', ['docs/a.md', 'src/a.ts'], true],
  ])('looks at the files changed: %s with %j: %s', (filter, paths, starts) => {
    expect(startsOnPush(workflow(`{ push: { ${filter} } }`), pushOf('refs/heads/main', paths))).toBe(starts);
  });

  it('does not look at the files of a tag', () => {
    expect(startsOnPush(workflow('{ push: { paths: [src/**] } }'), pushOf('refs/tags/v1'))).toBe(true);
  });
});

describe('what a repository dispatch starts', () => {
  it.each([
    ['repository_dispatch', true],
    ['{ repository_dispatch: { types: [data, other] } }', true],
    ['{ repository_dispatch: { types: other } }', false],
    ['push', false],
  ])('on: %s: %s', (on, starts) => {
    expect(startsOnDispatch(workflow(on), 'data')).toBe(starts);
  });
});

describe('inputs of a manual run', () => {
  const inputs = `{ workflow_dispatch: { inputs: {
    version: { required: true }, dry: { type: boolean, default: true }, count: { type: number, default: 3 },
    image: { type: choice, options: [web, loader], default: web } } } }`;

  it('are texts in the event, with defaults filled in', () => {
    const read = dispatchInputs(workflow(inputs), { version: 'x', dry: false });
    expect(read).toEqual({ inputs: { version: 'x', dry: 'false', count: '3', image: 'web' } });
  });

  it.each([
    [{}, "Required input 'version' not provided"],
    [{ version: 'x', colour: 'red' }, 'Unexpected inputs provided: ["colour"]'],
    [{ version: 'x', image: 'db' }, "Provided value 'db' for input 'image' not in the list of allowed values"],
    [{ version: 'x', dry: 'yes' }, "Provided value 'yes' for input 'dry' must be a boolean"],
  ])('are refused when they do not fit: %j', (given, problem) => {
    expect(dispatchInputs(workflow(inputs), given)).toEqual({ problem });
  });

  it('need the trigger', () => {
    expect(dispatchInputs(workflow('push'), {})).toEqual({
      problem: "Workflow does not have 'workflow_dispatch' trigger",
    });
  });
});

describe('the token of a run', () => {
  it('may read contents and packages when the workflow says nothing', () => {
    expect(workflow('push').permissions).toEqual({ contents: 'read', packages: 'read' });
  });

  it('gets what the jobs are granted, and nothing where the workflow grants nothing', () => {
    const text = `on: push
permissions: {}
jobs:
  a: { permissions: { deployments: write, contents: read } }
  b: { permissions: { contents: write, checks: none } }
  c: {}
`;
    expect(parseWorkflow('x.yml', text).permissions).toEqual({ deployments: 'write', contents: 'write' });
    expect(workflow('push', 'permissions: {}').permissions).toEqual({});
  });
});

describe('a workflow file', () => {
  it.each([
    ['- a', 'is not a mapping'],
    ['on: push', 'has no jobs'],
    ['jobs: {}', 'has no "on"'],
  ])('is refused with a reason: %j', (text, problem) => {
    expect(() => parseWorkflow('x.yml', text)).toThrow(problem);
  });

  it('has its concurrency read', () => {
    expect(workflow('push', 'concurrency: a').concurrency).toEqual({
      group: 'a',
      cancelInProgress: 'false',
      keepsAll: false,
    });
    const long = 'concurrency: { group: a, cancel-in-progress: true, queue: max }';
    expect(workflow('push', long).concurrency).toEqual({ group: 'a', cancelInProgress: 'true', keepsAll: true });
  });
});
