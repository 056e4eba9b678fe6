import { runnerExec } from '@delivery/core/adapters/exec';
import type { FakeCall, FakeProgram } from '@delivery/testing/fake-exec';
import { fakeExec } from '@delivery/testing/fake-exec';
import { FakeLog } from '@delivery/testing/fake-step';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runnerBuilders } from '../src/adapters/builders.ts';
import type { Workshop } from '../src/adapters/workshop.ts';
import type { Recipe } from '../src/ports.ts';
import { repository } from './fakes.ts';

const digest = `sha256:${'7'.repeat(64)}` as const;
const reference = { ...repository, tag: 'latest-268' };
const never = new AbortController().signal;
const login = { username: 'ci', password: 'canary-password' };

const recipe: Recipe = {
  image: 'web',
  context: '.',
  file: 'images/Dockerfile',
  target: 'final',
  platforms: ['linux/amd64'],
  buildArgs: new Map([['GREETING', 'hello $USER "x"']]),
  labels: new Map([['build.number', '268']]),
  secrets: new Map([['token', 'canary-secret']]),
  cacheFrom: [],
  cacheTo: [],
};

let folder: string;
let log: FakeLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'builders-test-'));
  log = new FakeLog();
  for (const name of ['temp', 'home', 'workspace/images']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'workspace/images/Dockerfile'), 'FROM scratch\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a build saw: the files that it was given by path, and their modes. */
interface Seen {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secret: string;
  readonly modes: readonly string[];
  readonly logins: unknown;
}

function look({ args, env }: FakeCall): Seen {
  const secret = args.find((arg) => arg.startsWith('--secret='))?.split('src=')[1] ?? '';
  const file = env['REGISTRY_AUTH_FILE'] ?? (env['DOCKER_CONFIG'] && join(env['DOCKER_CONFIG'], 'config.json')) ?? '';
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
  return {
    args,
    env,
    secret: secret && readFileSync(secret, 'utf8'),
    modes: [secret, file].filter(Boolean).flatMap((path) => [mode(dirname(path)), mode(path)]),
    logins: file && JSON.parse(readFileSync(file, 'utf8')),
  };
}

function option(args: readonly string[], name: string): string {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
}

/** docker and buildah that note what they see and write the digest where they are told to. */
function programs(seen: Seen[]): Record<'docker' | 'buildah', FakeProgram> {
  return {
    docker(call) {
      if (call.args[1] !== 'build') return 0;
      seen.push(look(call));
      call.stderr('#1 building\n::error::not a command\n');
      const metadata = option(call.args, 'metadata-file');
      if (metadata) writeFileSync(metadata, JSON.stringify({ 'containerimage.digest': digest }));
      return 0;
    },
    buildah(call) {
      seen.push(look(call));
      const file = option(call.args, 'digestfile');
      if (file) writeFileSync(file, `${digest}\n`);
      return 0;
    },
  };
}

function open(
  choice: 'auto' | 'docker' | 'buildah' | 'podman',
  exec: Workshop['exec'],
  changes: Partial<Workshop> = {},
) {
  const workshop = {
    exec,
    log,
    workspace: join(folder, 'workspace'),
    temp: join(folder, 'temp'),
    env: {},
    home: join(folder, 'home'),
  };
  return runnerBuilders({ ...workshop, login: undefined, ...changes }).open(choice, never);
}

describe('the builders of the runner', () => {
  it('are docker, then buildah, then podman', async () => {
    const all = { docker: () => 0, buildah: () => 0, podman: () => 0 };
    const without = { buildah: () => 0, podman: () => 0 };
    const noDaemon = { ...all, docker: ({ args }: FakeCall) => (args[0] === 'version' ? 1 : 0) };
    const noBuildx = { ...all, docker: ({ args }: FakeCall) => (args[0] === 'buildx' ? 1 : 0) };
    expect(await open('auto', fakeExec(all))).toHaveProperty('name', 'docker');
    expect(await open('auto', fakeExec(without))).toHaveProperty('name', 'buildah');
    expect(await open('auto', fakeExec(noDaemon))).toHaveProperty('name', 'buildah');
    expect(await open('auto', fakeExec(noBuildx))).toHaveProperty('name', 'buildah');
    expect(await open('podman', fakeExec(all))).toHaveProperty('name', 'podman');
  });

  it('say what each lacks when none can be used', async () => {
    await expect(open('auto', fakeExec({ docker: () => 1 }))).rejects.toMatchObject({
      code: 'no-builder',
      message: "No builder can be used: docker's daemon does not answer; buildah is not on PATH; podman is not on PATH",
    });
    await expect(open('docker', fakeExec({ buildah: () => 0 }))).rejects.toMatchObject({ code: 'no-builder' });
  });
});

describe.each(['docker', 'buildah'] as const)('%s', (name) => {
  it('builds, then pushes the one tag and gives the digest', async () => {
    const seen: Seen[] = [];
    const builder = await open(name, fakeExec(programs(seen)));
    await builder.build(recipe, reference, never);
    expect(await builder.push(recipe, reference, never)).toBe(digest);
    const shared = [
      `--file=${join(folder, 'workspace/images/Dockerfile')}`,
      '--target=final',
      '--platform=linux/amd64',
      '--label=build.number=268',
      '--build-arg=GREETING=hello $USER "x"',
      '--tag=registry.example.org/acme/web:latest-268',
    ];
    expect(seen[0]!.args).toEqual(expect.arrayContaining(shared));
    expect(seen[0]!.args.at(-1)).toBe(join(folder, 'workspace'));
    expect(seen[0]!.args.join(' ')).not.toContain('--push');
    expect(seen).toHaveLength(2);
  });

  it('gives secrets and the login by files of mode 0600, never as arguments, and removes them', async () => {
    const seen: Seen[] = [];
    const builder = await open(name, fakeExec(programs(seen)), { login });
    await builder.build(recipe, reference, never);
    await builder.push(recipe, reference, never);
    expect(seen[0]).toMatchObject({ secret: 'canary-secret', modes: ['700', '600', '700', '600'] });
    for (const { args, env, logins } of seen) {
      expect(JSON.stringify([args, env])).not.toContain('canary');
      const auth = Buffer.from('ci:canary-password').toString('base64');
      expect(logins).toMatchObject({ auths: { 'registry.example.org': { auth } } });
    }
    expect(readdirSync(join(folder, 'temp'))).toEqual([]);
  });

  it("keeps the runner's logins of other registries beside the given one", async () => {
    const config = {
      auths: { 'base.example.org': { auth: 'b3RoZXI6eA==' }, 'registry.example.org': { auth: 'b2xkOng=' } },
      credsStore: 'desktop',
    };
    mkdirSync(join(folder, 'home/.docker'));
    writeFileSync(join(folder, 'home/.docker/config.json'), JSON.stringify(config));
    const seen: Seen[] = [];
    const builder = await open(name, fakeExec(programs(seen)), { login });
    await builder.build(recipe, reference, never);
    expect(seen[0]!.logins).toMatchObject({
      auths: {
        'base.example.org': { auth: 'b3RoZXI6eA==' },
        'registry.example.org': { auth: Buffer.from('ci:canary-password').toString('base64') },
      },
    });
    // Without it docker would ask the store for this host, not the file.
    if (name === 'docker') expect(seen[0]!.logins).toMatchObject({ credHelpers: { 'registry.example.org': '' } });
  });

  it("leaves the builder's own login in place when none is given", async () => {
    const seen: Seen[] = [];
    await (await open(name, fakeExec(programs(seen)))).build(recipe, reference, never);
    expect(seen[0]!.env).toEqual({});
  });

  it.each([
    ['that is not JSON', '{"auths": canary'],
    ['that is no JSON object', '["canary"]'],
    ['of more than 1 MiB', JSON.stringify({ canary: 'x'.repeat(1024 * 1024) })],
  ])('refuses a configuration %s, without showing it', async (_, config) => {
    mkdirSync(join(folder, 'home/.docker'));
    writeFileSync(join(folder, 'home/.docker/config.json'), config);
    const builder = await open(name, fakeExec(programs([])), { login });
    const failure = builder.build(recipe, reference, never);
    await expect(failure).rejects.toMatchObject({
      code: 'registry-login',
      message: expect.not.stringContaining('canary'),
    });
    expect(readdirSync(join(folder, 'temp'))).toEqual([]);
  });

  it('fails with the line that says why, and removes its files', async () => {
    const failing: FakeProgram = ({ args, stderr }) => {
      if (args[0] === 'version' || args[1] === 'version') return 0;
      stderr('#5 RUN make\nERROR: failed to solve: make: not found\n\n');
      return 17;
    };
    const builder = await open(name, fakeExec({ [name]: failing }), { login });
    await expect(builder.build(recipe, reference, never)).rejects.toMatchObject({
      code: 'command',
      exitCode: 17,
      message: expect.stringMatching(/^(docker buildx build|buildah build) ended with exit code 17$/),
      hint: expect.stringContaining('It said: ERROR: failed to solve: make: not found'),
    });
    expect(log.of('outside')).toContain('#5 RUN make');
    expect(readdirSync(join(folder, 'temp'))).toEqual([]);
  });

  it('removes its files when it is cancelled', async () => {
    const controller = new AbortController();
    const hanging: FakeProgram = ({ args }) => {
      if (args[0] === 'version' || args[1] === 'version') return 0;
      controller.abort(new Error('cancelled'));
      return new Promise<never>(() => undefined);
    };
    const builder = await open(name, fakeExec({ [name]: hanging }), { login });
    await expect(builder.build(recipe, reference, controller.signal)).rejects.toThrow('cancelled');
    expect(readdirSync(join(folder, 'temp'))).toEqual([]);
  });

  it.each([
    ['a context that is not there', { context: 'missing' }, 'images.web.build.context', 'does not exist'],
    ['a context that is a file', { context: 'images/Dockerfile' }, 'images.web.build.context', 'is not a folder'],
    ['a Dockerfile that is a folder', { file: 'images' }, 'images.web.build.file', 'is not a file'],
    ['a link that leads out of the checkout', { file: 'link' }, 'images.web.build.file', 'lies outside the checkout'],
    [
      'a path that leads out of the checkout',
      { context: '..' },
      'images.web.build.context',
      'lies outside the checkout',
    ],
  ])('refuses %s', async (_, change, field, message) => {
    symlinkSync('/etc/passwd', join(folder, 'workspace/link'));
    const builder = await open(name, fakeExec(programs([])));
    expect(await builder.check({ ...recipe, ...change })).toEqual([
      { field, message: expect.stringContaining(message) },
    ]);
    expect(await builder.check(recipe)).toEqual([]);
  });
});

describe('docker', () => {
  it('passes caches on, and writes one only when it pushes', async () => {
    const seen: Seen[] = [];
    const builder = await open('docker', fakeExec(programs(seen)));
    const cached = { ...recipe, cacheFrom: ['type=gha'], cacheTo: ['type=gha,mode=max'] };
    await builder.build(cached, reference, never);
    await builder.push(cached, reference, never);
    expect(seen.map(({ args }) => [option(args, 'cache-from'), option(args, 'cache-to')])).toEqual([
      ['type=gha', ''],
      ['type=gha', 'type=gha,mode=max'],
    ]);
  });

  it('still finds its plugins, contexts and builders when a login is given', async () => {
    mkdirSync(join(folder, 'home/.docker/cli-plugins'), { recursive: true });
    writeFileSync(join(folder, 'home/.docker/cli-plugins/docker-buildx'), '');
    let plugins: string[] = [];
    let buildx: string | undefined;
    const docker: FakeProgram = ({ args, env }) => {
      if (args[1] !== 'build') return 0;
      plugins = readdirSync(join(env['DOCKER_CONFIG']!, 'cli-plugins'));
      buildx = env['BUILDX_CONFIG'];
      return 0;
    };
    await (await open('docker', fakeExec({ docker }), { login })).build(recipe, reference, never);
    expect(plugins).toEqual(['docker-buildx']);
    expect(buildx).toBe(join(folder, 'home/.docker/buildx'));
  });

  it('fails when the metadata does not name the digest', async () => {
    const docker: FakeProgram = ({ args }) => {
      const file = option(args, 'metadata-file');
      if (file) writeFileSync(file, '{}');
      return 0;
    };
    await expect((await open('docker', fakeExec({ docker }))).push(recipe, reference, never)).rejects.toMatchObject({
      code: 'builder',
    });
  });
});

describe('buildah', () => {
  it('refuses what only buildx can do, before anything is built', async () => {
    const builder = await open('buildah', fakeExec(programs([])));
    const problems = await builder.check({
      ...recipe,
      platforms: ['linux/amd64', 'linux/arm64'],
      cacheFrom: ['x'],
      cacheTo: ['y'],
    });
    expect(problems.map(({ field }) => field)).toEqual(['platforms', 'cache-from', 'cache-to']);
  });

  it('takes arguments of the user as they are, by the real Exec', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'buildah'), '#!/bin/sh\nfor arg in "$@"; do printf "%s\\n" "$arg"; done\n', {
      mode: 0o755,
    });
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      const builder = await open('buildah', runnerExec);
      await builder.build(recipe, reference, never);
    } finally {
      process.env['PATH'] = path;
    }
    expect(log.of('outside')).toContain('--build-arg=GREETING=hello $USER "x"');
  });
});
