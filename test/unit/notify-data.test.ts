import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { git } from '@delivery/testing/github/git';
import { GitHubStandIn } from '@delivery/testing/github/stand-in';

// Each call starts dozens of small programs, which take their time on a busy machine.
jest.setTimeout(60_000);

const script = join(import.meta.dirname, '../../scripts/notify-data.sh');
const token = 'github_pat_CANARY0123456789';
const idForm = /^2026-09-15T16-\d{8}T\d{6}Z-[0-9a-f]{8}$/;

interface Ended {
  readonly code: number;
  readonly out: readonly string[];
  readonly errors: string;
}

describe('notify-data.sh', () => {
  let dir: string;
  let data: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'notify data '));
    data = join(dir, 'django_data/2026-09-15T16');
    mkdirSync(data, { recursive: true });
    mkdirSync(join(dir, 'bin'));
    // What it starts is noted: curl's arguments, environment and input; the times it sleeps, which pass at once. Its clock goes on
    // by what it slept, and by what else took time: numbers in the file `took`, which the program `hang` writes.
    program(
      'curl',
      `{ tr '\\0' ' ' < /proc/$$/cmdline; env; } >> '${dir}/seen'; [ ! -x '${dir}/hang' ] || '${dir}/hang'
       exec /usr/bin/env PATH="$REAL_PATH" curl "$@"`,
    );
    program(
      'date',
      `[ "$1" = +%s ] || exec /usr/bin/env PATH="$REAL_PATH" date "$@"
       cat '${dir}/slept' '${dir}/took' 2> /dev/null | awk '{ s += $1 } END { print 1790000000 + s }'`,
    );
    program('sleep', `echo "$1" >> '${dir}/slept'; [ ! -x '${dir}/meanwhile' ] || exec '${dir}/meanwhile'`);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const program = (name: string, body: string, where = join(dir, 'bin')) => {
    writeFileSync(join(where, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(where, name), 0o755);
  };
  const upload = () => {
    writeFileSync(join(data, 'TARGET_LIST'), 'NUDT7A\n');
    writeFileSync(join(data, 'READY'), '');
  };
  const read = (name: string) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : '');
  const slept = () => read('slept').split('\n').slice(0, -1).map(Number);

  function call(api: string, args: readonly string[], given: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const path = process.env['PATH'] ?? '';
    const env = { PATH: `${dir}/bin:${path}`, REAL_PATH: path, GITHUB_API_URL: api, GITHUB_TOKEN: token, ...given };
    return new Promise((resolve) => {
      execFile('sh', [script, ...args], { env, encoding: 'utf8' }, (error, out, errors) =>
        resolve({ code: error ? Number(error.code) : 0, out: out.split('\n').slice(0, -1), errors }),
      );
    });
  }

  /** A server that answers one request after the other as told, the last answer again and again. */
  async function serving<T>(
    answers: readonly (readonly [number, string?])[],
    use: (url: string, asked: Asked[]) => Promise<T>,
  ) {
    const asked: Asked[] = [];
    const server = createServer((request, response) => {
      void textOf(request).then((body) => {
        const [status, text = ''] = answers[Math.min(asked.length, answers.length - 1)]!;
        asked.push({ what: `${request.method} ${request.url}`, authorization: request.headers.authorization, body });
        if (status === 0) request.socket.destroy();
        else response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  interface Asked {
    readonly what: string;
    readonly authorization: string | undefined;
    readonly body: string;
  }

  describe('the call', () => {
    it('names the data and an id of its own, which it prints', async () => {
      upload();
      await serving([[204]], async (url, asked) => {
        const { code, out } = await call(url, ['acme/builds', `${data}/`]);
        expect([code, out]).toEqual([0, [expect.stringMatching(idForm)]]);
        expect(asked).toHaveLength(1);
        expect(asked[0]).toMatchObject({
          what: 'POST /repos/acme/builds/dispatches',
          authorization: `Bearer ${token}`,
        });
        expect(JSON.parse(asked[0]!.body)).toEqual({
          event_type: 'data-uploaded',
          client_payload: { 'data-origin': '2026-09-15T16', 'request-id': out[0], force: false },
        });
      });
    });

    it('has another id each time, and forces when told to', async () => {
      upload();
      await serving([[204]], async (url, asked) => {
        const first = await call(url, ['--force', 'acme/builds', data]);
        const second = await call(url, ['acme/builds', data, '--force']);
        expect(first.out).not.toEqual(second.out);
        const forced = asked.map(({ body }) => JSON.parse(body) as { client_payload: { force: boolean } });
        expect(forced.map((one) => one.client_payload.force)).toEqual([true, true]);
      });
    });

    it('shows the token to nobody: no argument, no environment, no output', async () => {
      upload();
      writeFileSync(join(dir, 'token'), `${token}\n`, { mode: 0o600 });
      await serving([[500, `{"message":"no"}`], [204]], async (url, asked) => {
        const byFile = await call(url, ['acme/builds', data], {
          GITHUB_TOKEN: '',
          GITHUB_TOKEN_FILE: join(dir, 'token'),
        });
        const byName = await call(url, ['acme/builds', data]);
        expect([byFile.code, byName.code]).toEqual([0, 0]);
        expect(asked.map(({ authorization }) => authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
        expect(read('seen')).toContain('dispatches');
        for (const text of [read('seen'), byFile.errors, byName.errors, ...byFile.out])
          expect(text).not.toContain(token);
      });
    });

    it.each([[0], [429], [500], [503]])('is tried again after %i, ever later, five times in all', async (status) => {
      upload();
      await serving([[status], [status], [204]], async (url, asked) => {
        expect(await call(url, ['acme/builds', data])).toMatchObject({ code: 0 });
        expect([asked.length, slept()]).toEqual([3, [2, 4]]);
        expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
      });
      rmSync(join(dir, 'slept'));
      await serving([[status]], async (url, asked) => {
        expect(await call(url, ['acme/builds', data])).toMatchObject({ code: 1, out: [] });
        expect([asked.length, slept()]).toEqual([5, [2, 4, 8, 16]]);
      });
    });

    it.each([[200], [301], [400], [401], [403], [404], [422]])('is not tried again after %i', async (status) => {
      upload();
      await serving([[status, '{\n  "message": "Not \\u001bhere"\n}']], async (url, asked) => {
        const { code, out, errors } = await call(url, ['acme/builds', data]);
        expect([code, out, asked.length, slept()]).toEqual([1, [], 1, []]);
        expect(errors).toMatch(
          new RegExp(`^notify-data: acme/builds did not take the call: GitHub answered ${status}`),
        );
      });
    });

    it('ends when nobody listens', async () => {
      upload();
      const { code, errors } = await call('http://127.0.0.1:9', ['acme/builds', data]);
      expect([code, errors.split('\n').at(-2)]).toEqual([
        1,
        'notify-data: acme/builds did not take the call: GitHub answered nothing',
      ]);
    });
  });

  describe('the upload', () => {
    it('is waited for, READY and a TARGET_LIST with something in it', async () => {
      writeFileSync(join(data, 'READY'), '');
      program(
        'meanwhile',
        `cd '${data}'; case $(wc -l < '${dir}/slept') in 1) : > TARGET_LIST ;; 3) echo A > TARGET_LIST ;; esac`,
        dir,
      );
      await serving([[204]], async (url) => {
        expect(await call(url, ['acme/builds', data])).toMatchObject({ code: 0 });
        expect(slept()).toEqual([5, 5, 5]);
      });
    });

    it.each([
      ['20', 4],
      ['030', 6],
    ])('is not waited for longer than told (%s s), and then nothing is sent', async (seconds, pauses) => {
      writeFileSync(join(data, 'READY'), '');
      await serving([[204]], async (url, asked) => {
        const { code, errors } = await call(url, ['acme/builds', data], { WAIT_SECONDS: seconds });
        expect([code, asked, slept()]).toEqual([1, [], Array(pauses).fill(5)]);
        expect(errors).toContain('has no READY and TARGET_LIST');
      });
    });

    it('is not waited for longer than told on a machine that is slow', async () => {
      program('meanwhile', `echo 300 >> '${dir}/took'`, dir);
      await serving([[204]], async (url) => {
        expect(await call(url, ['acme/builds', data], { WAIT_SECONDS: '600' })).toMatchObject({ code: 1 });
        expect(slept()).toEqual([5, 5]);
      });
    });

    it('is no link, and is there', async () => {
      upload();
      symlinkSync(data, join(dir, '2026-09-16T09'));
      await serving([[204]], async (url, asked) => {
        for (const name of ['2026-09-16T09', '2026-09-17T09'])
          expect(await call(url, ['acme/builds', join(dir, name)])).toMatchObject({ code: 1 });
        expect(asked).toEqual([]);
      });
    });
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['no directory', ['acme/builds'], {}],
    ['three arguments', ['acme/builds', '/data/2026-09-15T16', 'more'], {}],
    ['an unknown option', ['acme/builds', '/data/2026-09-15T16', '--forse'], {}],
    ['a name without an owner', ['builds', '/data/2026-09-15T16'], {}],
    ['a path', ['acme/builds/x', '/data/2026-09-15T16'], {}],
    ['a repository that steps out', ['acme/..', '/data/2026-09-15T16'], {}],
    ['a repository with a query', ['acme/builds?x', '/data/2026-09-15T16'], {}],
    ['another name', ['acme/builds', '/data/2026-09-15'], {}],
    ['a name that goes on', ['acme/builds', '/data/2026-09-15T16"x'], {}],
    ['no token', ['acme/builds', '/data/2026-09-15T16'], { GITHUB_TOKEN: '' }],
    ['plain http', ['acme/builds', '/data/2026-09-15T16'], { GITHUB_API_URL: 'http://api.example.org' }],
    ['no number', ['acme/builds', '/data/2026-09-15T16'], { WAIT_SECONDS: '10m' }],
  ])('is called wrongly with %s', async (_, args, env) => {
    const { code, errors } = await call('http://127.0.0.1:9', args, env);
    expect([code, errors]).toEqual([2, expect.stringContaining('usage: notify-data.sh')]);
    expect(read('seen')).toBe('');
  });

  it('refuses a token that could be more than one line of configuration', async () => {
    upload();
    for (const bad of ['a"\nurl = "http://x', 'a b', 'a\\"'])
      expect(await call('http://127.0.0.1:9', ['acme/builds', data], { GITHUB_TOKEN: bad })).toMatchObject({ code: 1 });
    expect(read('seen')).toBe('');
  });

  describe('with --wait', () => {
    const sha = 'a'.repeat(40);
    const head: [number, string] = [200, JSON.stringify({ state: 'pending', statuses: [], sha, total_count: 0 })];
    const page = 'https://github.example.org/acme/builds/actions/runs/7';

    /** As GitHub writes it for curl: on many lines, the newest first. `{id}` becomes the id of the call. */
    const statuses = (...states: readonly string[]): [number, string] => [
      200,
      JSON.stringify(
        states.map((state) => ({
          state,
          description: `a {"state":"failure"} of "context":"data-uploaded/x" \\`,
          target_url: page,
          context: 'data-uploaded/{id}',
          creator: { login: 'github-actions[bot]', type: 'Bot' },
        })),
        undefined,
        2,
      ),
    ];

    /** Answers the head, the dispatch, the head again, and then as told, with the id that was sent. */
    async function waiting(
      answers: readonly (readonly [number, string?])[],
      env: Readonly<Record<string, string>> = {},
    ) {
      upload();
      const all = [head, [204] as const, head, ...answers];
      let id = '';
      const asked: string[] = [];
      const server = createServer((request, response) => {
        void textOf(request).then((body) => {
          if (body !== '')
            id = (JSON.parse(body) as { client_payload: { 'request-id': string } }).client_payload['request-id'];
          const [status, text = ''] = all[Math.min(asked.length, all.length - 1)]!;
          asked.push(`${request.method} ${request.url}`);
          response.writeHead(status).end(text.replaceAll('{id}', id));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const ended = await call(url, ['acme/builds', data, '--wait'], env);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      return { ...ended, asked };
    }

    it('asks for the answer at the commit until it is there, and prints where the run is', async () => {
      const none: [number, string] = [200, '[]'];
      const { code, out, asked } = await waiting([none, [503], statuses('pending'), statuses('success', 'pending')]);
      expect([code, out]).toEqual([0, [expect.stringMatching(idForm), page]]);
      expect(asked.slice(0, 3)).toEqual([
        'GET /repos/acme/builds/commits/HEAD/status',
        'POST /repos/acme/builds/dispatches',
        'GET /repos/acme/builds/commits/HEAD/status',
      ]);
      expect(asked.slice(3)).toEqual(Array(4).fill(`GET /repos/acme/builds/commits/${sha}/statuses?per_page=100`));
      expect(slept()).toEqual([10, 10, 10]);
    });

    it.each(['failure', 'error'])('ends with 1 when the answer is %s', async (state) => {
      const { code, out, errors } = await waiting([statuses(state, 'pending')]);
      expect([code, out.at(-1), errors]).toEqual([1, page, `notify-data: the call ended with ${state}\n`]);
    });

    it("does not take the answer to another's call", async () => {
      const [status, text] = statuses('success');
      const other = text.replace('data-uploaded/{id}', 'data-uploaded/{id}-2');
      const { code, errors } = await waiting([[status, other]], { RUN_WAIT_SECONDS: '60' });
      expect([code, slept()]).toEqual([1, Array(6).fill(10)]);
      expect(errors).toContain('no end of the call was seen within 60 s; look for 2026-09-15T16-');
    });

    it('ends in time though every request hangs', async () => {
      program('hang', `echo 60 >> '${dir}/took'`, dir);
      const { code, errors, asked } = await waiting([[503]], { RUN_WAIT_SECONDS: '600' });
      // A look that takes 60 s and a pause of 10 s: the ninth ends after 620 s.
      expect([code, asked.length - 3]).toEqual([1, 9]);
      expect(errors).toContain('no end of the call was seen within 600 s');
    });

    it('looks once more when the time is over', async () => {
      const none: [number, string] = [200, '[]'];
      expect(await waiting([none, none, statuses('success')], { RUN_WAIT_SECONDS: '20' })).toMatchObject({ code: 0 });
    });

    it('ends when it may not ask', async () => {
      const { code, errors } = await waiting([[403, '{"message":"Resource not accessible"}']]);
      expect([code, errors]).toEqual([
        1,
        'notify-data: cannot read the commit statuses of acme/builds: GitHub answered 403: Resource not accessible\n',
      ]);
    });

    it('gets its answer from GitHub as it is described, though somebody pushes meanwhile', async () => {
      upload();
      const dataDir = join(dir, 'stand-in');
      const config = { act: '/bin/true', localRepositories: {}, secrets: {}, vars: {}, env: {}, homeLinks: {} };
      const standIn = await GitHubStandIn.start({ host: '127.0.0.1', port: 0, dataDir, config, log: () => undefined });
      standIn.createRepository('acme/builds');
      const path = standIn.repositoryPath('acme/builds');
      const first = commit(path, 'First');
      const second = commit(path, 'Second');
      git(path, 'update-ref', 'refs/heads/main', first);
      // While the script sleeps: a push, and then what answer-call does at the commit of the call.
      const answer = `
        import { execFileSync } from 'node:child_process';
        import { readFileSync } from 'node:fs';
        execFileSync('git', ['-C', '${path}', 'update-ref', 'refs/heads/main', '${second}']);
        const [, id] = /"request-id":"([^"]+)"/.exec(readFileSync('${join(dir, 'seen')}', 'utf8'));
        const body = { state: 'success', context: 'data-uploaded/' + id, description: 'Done', target_url: '${page}' };
        const headers = { authorization: 'Bearer x' };
        const address = '${standIn.url}/repos/acme/builds/statuses/${first}';
        await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });`;
      writeFileSync(join(dir, 'answer.mjs'), answer);
      program('meanwhile', `exec '${process.execPath}' '${join(dir, 'answer.mjs')}'`, dir);
      const { code, out, errors } = await call(standIn.url, ['acme/builds', data, '--wait']);
      expect(git(path, 'rev-parse', 'main')).toBe(second);
      expect([code, out, errors]).toEqual([0, [expect.stringMatching(idForm), page], '']);
      expect(standIn.violations).toEqual([]);
      await standIn.stop();
    });
  });
});

function commit(path: string, message: string): string {
  const tree = git(path, 'hash-object', '-w', '-t', 'tree', '/dev/null');
  const sha = git(path, '-c', 'user.name=dev', '-c', 'user.email=dev@example.org', 'commit-tree', '-m', message, tree);
  git(path, 'update-ref', 'refs/heads/main', sha);
  return sha;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
