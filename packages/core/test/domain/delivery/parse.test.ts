import { defaultKeep } from '../../../src/domain/backup/tiers.ts';
import { parseTopology } from '../../../src/domain/delivery/parse.ts';
import { InputError } from '../../../src/errors/errors.ts';
import { problemsOf } from './problems-of.ts';

const read = (text: string) => parseTopology(text, 'delivery.yaml');
const web = 'images:\n  web:\n    repository: registry.example.org/dev/web\n';
const project = (fields: string) => `${web}projects:\n  test:\n    namespace: dev\n    follows: latest\n${fields}`;

test('gives the topology with every field', () => {
  const topology = read(`
images:
  web:
    repository: localhost:5000/dev/web-stream
    promoted: registry.example.org/prod/web-stream
    build: { context: src, file: images/web/Dockerfile, target: final }
    retention: { workingDays: 3, atLeast: 7, keepPromoted: 2, timeZone: Europe/London, holidays: [2026-12-25] }
clusters:
  diamond: { server: 'https://api.example.org:6443', certificateAuthority: .github/diamond.pem, audience: delivery }
projects:
  test:
    cluster: default/api-example-org:6443/deployer
    namespace: fragalysis-dev
    follows: stable
    environment: test stack
    workloads:
      web:
        - { kind: Deployment, name: web, container: web }
        - { kind: StatefulSet, name: worker.v2, container: [worker, migrate] }
    checks:
      - { url: 'https://test.example.org/version/?full', status: 302, contains: '"build": 412', within: 1m30s }
    jobs:
      web:
        cronJob: loader
        container: [load]
        timeout: 90m
        succeeds:
          logMatches: '^loaded: \\d+'
          messageMatches: ^loaded
          count: { url: 'https://test.example.org/', matches: '(\\d+) targets', atLeast: 3, within: 10s }
    data: { cronJob: look }
    production: true
    database:
      backup:
        cronJob: dump
        timeout: 45m
        keep: { hourly: 1, daily: 2, weekly: 3, monthly: 4, manual: 0 }
        maxAge: 26h
        maxShrink: 50
        offSite: true
      restore: { cronJob: undump, timeout: 3h }
      mask: { auth_user: { email: masked@example.org, last_name: null } }
`);
  expect(topology).toEqual({
    images: {
      web: {
        name: 'web',
        repository: { host: 'localhost:5000', path: 'dev/web-stream' },
        promoted: { host: 'registry.example.org', path: 'prod/web-stream' },
        build: { context: 'src', file: 'images/web/Dockerfile', target: 'final' },
        retention: {
          workingDays: 3,
          atLeast: 7,
          keepPromoted: 2,
          timeZone: 'Europe/London',
          holidays: ['2026-12-25'],
        },
      },
    },
    clusters: {
      diamond: {
        name: 'diamond',
        server: 'https://api.example.org:6443',
        certificateAuthority: '.github/diamond.pem',
        audience: 'delivery',
      },
    },
    projects: {
      test: {
        name: 'test',
        cluster: 'default/api-example-org:6443/deployer',
        namespace: 'fragalysis-dev',
        follows: 'stable',
        environment: 'test stack',
        workloads: {
          web: [
            { kind: 'Deployment', name: 'web', containers: ['web'] },
            { kind: 'StatefulSet', name: 'worker.v2', containers: ['worker', 'migrate'] },
          ],
        },
        checks: [
          {
            url: new URL('https://test.example.org/version/?full'),
            status: 302,
            contains: '"build": 412',
            withinMs: 90_000,
          },
        ],
        jobs: {
          web: {
            cronJob: 'loader',
            containers: ['load'],
            timeoutMs: 5_400_000,
            succeeds: {
              logMatches: /^loaded: \d+/u,
              messageMatches: /^loaded/u,
              count: {
                url: new URL('https://test.example.org/'),
                matches: /(\d+) targets/u,
                atLeast: 3,
                withinMs: 10_000,
              },
            },
          },
        },
        data: { cronJob: 'look' },
        production: true,
        database: {
          backup: {
            cronJob: 'dump',
            timeoutMs: 2_700_000,
            keep: { hourly: 1, daily: 2, weekly: 3, monthly: 4, manual: 0 },
            maxAgeMs: 93_600_000,
            maxShrink: 50,
            offSite: true,
          },
          restore: { cronJob: 'undump', timeoutMs: 10_800_000 },
          mask: { auth_user: { email: 'masked@example.org', last_name: null } },
        },
      },
    },
  });
});

describe('defaults', () => {
  test('an image may have a repository alone, and the file images alone', () => {
    const { images, projects } = read(web);
    expect(images['web']).toMatchObject({ promoted: undefined, build: undefined });
    expect(Object.keys(projects)).toEqual([]);
  });

  test('a project may have neither cluster, environment, workloads nor checks', () => {
    const { test } = read(project('')).projects;
    expect(test).toMatchObject({ cluster: undefined, environment: undefined, checks: [] });
    expect(Object.keys(test?.workloads ?? { none: [] })).toEqual([]);
  });

  test.each([
    ['{}', { context: '.', file: 'Dockerfile', target: undefined }],
    ['{context: images/web/}', { context: 'images/web/', file: 'images/web/Dockerfile', target: undefined }],
    ['{file: a.Dockerfile}', { context: '.', file: 'a.Dockerfile', target: undefined }],
  ])('build: %s is filled in', (build, expected) => {
    expect(read(`${web}    build: ${build}\n`).images['web']?.build).toEqual(expected);
  });

  test('a rule of retention is filled in, and an image without one has none', () => {
    const { images } = read(`${web}    retention: {}\n  loader: {repository: registry.example.org/dev/loader}\n`);
    const rule = { workingDays: 5, atLeast: 10, keepPromoted: 5, timeZone: 'UTC', holidays: [] };
    expect([images['web']?.retention, images['loader']?.retention]).toEqual([rule, undefined]);
  });

  test.each([
    ['https://API.example.org:443', 'https://api.example.org'],
    ['https://api.example.org:6443/', 'https://api.example.org:6443'],
    ['https://api.example.org/k8s/', 'https://api.example.org/k8s'],
  ])('tokens are made out to the server letter by letter, %s, and %s is asked', (written, server) => {
    const { clusters } = read(`${web}clusters: {here: {server: '${written}'}}\n`);
    expect(clusters?.['here']).toMatchObject({ server, audience: written });
  });

  test('a project is no production and has no database', () => {
    expect(read(project('')).projects['test']).toMatchObject({ production: false, database: undefined });
  });

  test('a backup keeps what the old system kept, and its copies need not leave the site', () => {
    const { database } = read(project('    database: {backup: {keep: {daily: 7}}}\n')).projects['test'] ?? {};
    expect(database).toEqual({
      backup: {
        ...{ cronJob: 'db-backup', timeoutMs: 1_800_000, maxAgeMs: 10_800_000, maxShrink: 20, offSite: false },
        keep: { ...defaultKeep, daily: 7 },
      },
      restore: undefined,
      mask: {},
    });
  });

  test('a restore has two hours, and may be all that there is', () => {
    const { database } = read(project('    database: {restore: {}}\n')).projects['test'] ?? {};
    const restore = { cronJob: 'db-restore', timeoutMs: 7_200_000 };
    expect(database).toEqual({ backup: undefined, restore, mask: {} });
  });

  test('a check wants status 200 within a minute', () => {
    const [check] = read(project("    checks: [{url: 'http://localhost:8080'}]\n")).projects['test']?.checks ?? [];
    expect(check).toMatchObject({ status: 200, contains: undefined, withinMs: 60_000 });
  });
});

test('promoted builds may go to the same repository: the tags differ', () => {
  const { images } = read(`${web}    promoted: registry.example.org/dev/web\n`);
  expect(images['web']?.promoted).toEqual(images['web']?.repository);
});

describe('the same namespace and workload in two projects', () => {
  const workloads = 'follows: latest, workloads: {web: [{kind: Deployment, name: web, container: web}]}';
  const two = (first: string, second: string) =>
    `${web}projects:\n  a: {namespace: dev, ${first}${workloads}}\n  b: {namespace: dev, ${second}${workloads}}\n`;

  test('are two things in two clusters', () => {
    expect(Object.keys(read(two('cluster: one, ', 'cluster: two, ')).projects)).toEqual(['a', 'b']);
    expect(Object.keys(read(two('', 'cluster: two, ')).projects)).toEqual(['a', 'b']);
  });

  test('are refused in one cluster', () => {
    expect(problemsOf(() => read(two('cluster: one, ', 'cluster: one, ')))).toEqual([
      expect.stringContaining('stands already in projects.a.workloads.web[0].container'),
    ]);
  });
});

test('the name of an environment has 255 characters at most', () => {
  const environment = (length: number) => project(`    environment: ${'e'.repeat(length)}\n`);
  expect(read(environment(255)).projects['test']?.environment).toHaveLength(255);
  expect(problemsOf(() => read(environment(256)))).toEqual([expect.stringContaining('1 to 255 characters')]);
});

describe('YAML 1.2, core schema', () => {
  test.each(['yes', 'no', 'on', 'off', 'y', '2026-08-03', '12:30:45', '0b1', '1_000'])('%s is a text', (word) => {
    const topology = read(project(`    checks: [{url: 'http://localhost', contains: ${word}}]\n`));
    expect(topology.projects['test']?.checks[0]?.contains).toBe(word);
  });

  test.each([
    ['0200', 200],
    ['0xC8', 200],
    ['0o310', 200],
    ['2e2', 200],
  ])('%s is the number %d', (number, status) => {
    const topology = read(project(`    checks: [{url: 'http://localhost', status: ${number}}]\n`));
    expect(topology.projects['test']?.checks[0]?.status).toBe(status);
  });

  test('anchors and aliases are followed, the newest anchor before an alias decides', () => {
    const list = (kind: string) => `{web: [&w {kind: ${kind}, name: web, container: web}]}`;
    const topology = read(
      `${project(`    workloads: ${list('Deployment')}\n`)}  ric:\n    namespace: ric\n    follows: latest\n    workloads: ${list('StatefulSet')}\n` +
        '  copy:\n    namespace: copy\n    follows: latest\n    workloads: {web: [*w]}\n',
    );
    expect(topology.projects['copy']?.workloads['web']?.[0]?.kind).toBe('StatefulSet');
  });

  test('a problem under an alias is told where the value stands', () => {
    const told = problemsOf(() =>
      read(`${web}    build: &b {contxt: .}\n  loader:\n    repository: a.org/b\n    build: *b\n`),
    );
    expect(told).toEqual([
      'delivery.yaml:4:16: images.web.build.contxt: is not a field; did you mean "context"?',
      'delivery.yaml:4:16: images.loader.build.contxt: is not a field; did you mean "context"?',
    ]);
  });

  test.each([
    ['carriage returns', web.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${web}`],
    ['a directive and markers of one document', `%YAML 1.2\n---\n${web}...\n`],
    ['numbers as names, which are texts', web.replace('web:', '404:')],
  ])('%s are read', (_, text) => {
    expect(Object.values(read(text).images)[0]?.repository.path).toBe('dev/web');
  });

  test('columns count after a carriage return as without', () => {
    expect(problemsOf(() => read('images:\r\n  web:\r\n    repo: x\r\n'))).toContain(
      'delivery.yaml:3:5: images.web.repo: is not a field; did you mean "repository"?',
    );
  });
});

describe('hostile files', () => {
  test.each([
    ['lists in lists', '['.repeat(100_000)],
    ['lists in lists that are closed', `a: ${'['.repeat(600)}${']'.repeat(600)}`],
    ['items of items', '- '.repeat(20_000)],
    ['mappings in mappings', '{a: '.repeat(3_000)],
  ])('%s are refused as one problem, not by a stack overflow', (_, text) => {
    const told = problemsOf(() => read(text));
    expect(told.filter((line) => line.includes(' deep'))).toHaveLength(1);
  });

  test('exponential aliases are refused after a bounded number of values', () => {
    const level = (n: number) => `l${n}: &l${n} [${Array.from({ length: 30 }, () => `*l${n - 1}`).join(', ')}]\n`;
    const text = `l0: &l0 [x]\n${Array.from({ length: 15 }, (_, index) => level(index + 1)).join('')}`;
    expect(problemsOf(() => read(text)).join()).toMatch(/has more than 20000 values/);
  });

  test('of very many problems the first hundred are told, and how many more there are', () => {
    const told = problemsOf(() => read(`${web}${Array.from({ length: 150 }, (_, n) => `    x${n}: 1\n`).join('')}`));
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toBe('the file: has 50 more problems');
  });

  test('a name of JavaScript is a name like any other', () => {
    const topology = read(`${web}  constructor:\n    repository: registry.example.org/dev/c\n`);
    expect(Object.keys(topology.images)).toEqual(['web', 'constructor']);
    expect(topology.images['constructor']?.repository.path).toBe('dev/c');
  });

  test('a name that the file does not give is not found, whatever objects have by themselves', () => {
    expect(read(web).images['constructor']).toBeUndefined();
    expect(read(web).images['__proto__']).toBeUndefined();
  });

  test('prototypes are left alone', () => {
    problemsOf(() =>
      read(`${web}  __proto__: {polluted: 1}\n  web2: {__proto__: {polluted: 1}}\n__proto__: {polluted: 1}\n`),
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a password in an address is not shown', () => {
    const told = problemsOf(() => read(project("    checks: [{url: 'ftp://admin:hunter2@example.org/'}]\n")));
    expect(told.join()).not.toContain('hunter2');
  });

  test('a value is shown on one line and shortened', () => {
    const told = problemsOf(() => read(project(`    cluster: "::error::a\\nb${'x'.repeat(5_000)}"\n`)));
    expect(told).toHaveLength(1);
    expect(told[0]?.length).toBeLessThan(300);
  });
});

test('each problem carries its field and its place, for an annotation', () => {
  let problems: unknown;
  try {
    read('images:\n  web: {}\n');
  } catch (error) {
    if (error instanceof InputError) problems = error.problems;
  }
  expect(problems).toEqual([
    {
      field: 'images.web.repository',
      message: 'is required: give a repository host[:port]/path',
      at: { file: 'delivery.yaml', line: 2, column: 3 },
    },
  ]);
});
