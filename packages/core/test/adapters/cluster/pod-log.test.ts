import { jest } from '@jest/globals';
import { randomOf } from '@delivery/testing/random';
import { systemClock } from '../../../src/adapters/clock.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { ContainerStatus } from '../../../src/domain/workload.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { newPod } from '@delivery/testing/fake-cluster';
import { status, StubApiServer } from './stub-api-server.ts';
import { stampOf, StubLog } from './stub-log.ts';

// Much is read here: seconds on a machine with nothing else to do.
jest.setTimeout(60_000);

/** Pauses and time limits pass twenty times as fast. */
const fast: Clock = { now: () => new Date(), sleep: async (ms, signal) => systemClock.sleep(ms / 20, signal) };
const millisecond = 1e6;
const second = 1e9;

type State = 'waiting' | 'running' | 'terminated';
const main: ContainerStatus = {
  name: 'main',
  init: false,
  image: '',
  ready: false,
  restarts: 0,
  state: { is: 'running', startedAt: new Date(0) },
  last: undefined,
};
const run = { pod: newPod({ name: 'loader-x', uid: 'p1', containers: [main] }), container: 'main', restarts: 0 };

let server: StubApiServer;
let stop: AbortController;
/** The log of each run. */
let logs: StubLog[];
/** What the API server tells of the pod; undefined: it has none. */
let pod: { uid: string; state: State; restarts: number } | undefined;
/** The run whose log the kubelet gives; it knows earlier than the API server. */
let present: number;

beforeEach(async () => {
  server = await StubApiServer.start();
  stop = new AbortController();
  logs = [new StubLog(), new StubLog()];
  pod = { uid: 'p1', state: 'running', restarts: 0 };
  present = 0;
  server.intercept = (request) => (request.endsWith('/pods/loader-x') ? podAnswer() : undefined);
  server.stream = ({ pathname, searchParams }, response) => {
    if (!pathname.endsWith('/log')) return false;
    logs[searchParams.get('previous') === 'true' ? present - 1 : present]?.serve(searchParams, response);
    return true;
  };
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

function podAnswer(): { status: number; body: object } {
  if (!pod) return { status: 404, body: status(404, 'pods "loader-x" not found') };
  const { uid, state, restarts } = pod;
  const lastState = restarts > 0 ? { terminated: { exitCode: 1 } } : {};
  const container = { name: 'main', restartCount: restarts, state: { [state]: {} }, lastState };
  return { status: 200, body: { metadata: { name: 'loader-x', uid }, status: { containerStatuses: [container] } } };
}

interface Followed {
  readonly lines: string[];
  readonly batches: number[];
  readonly end: Promise<'complete' | 'gone'>;
}

function follow(clock: Clock = fast, of: typeof run = run): Followed {
  const jobs = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock, mask: () => {} }).jobs;
  const [lines, batches]: [string[], number[]] = [[], []];
  const take = (batch: readonly string[]) => {
    lines.push(...batch);
    batches.push(batch.length);
  };
  return { lines, batches, end: jobs.followLog(of, take, stop.signal) };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(2, stop.signal);
}

function terminate(): void {
  logs[0]?.end();
  pod = { uid: 'p1', state: 'terminated', restarts: 0 };
}

function requests(what: 'log' | 'pod'): string[] {
  return server.requests.filter((request) => request.includes('/log?') === (what === 'log'));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const write = (from: number, to: number, step = millisecond) =>
  logs[0]?.write(...numbers(from, to).map((data) => ({ at: Number(data) * step, data })));

describe('followLog', () => {
  it('takes five requests for a container that runs to its end: its log, its pod, and once more what may be left', async () => {
    const { lines, end } = follow(systemClock);
    write(1, 3);
    await until(() => lines.length === 3);
    write(4, 5);
    terminate();
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 5));
    const log = 'GET /api/v1/namespaces/test/pods/loader-x/log?container=main&timestamps=true';
    const read = 'GET /api/v1/namespaces/test/pods/loader-x';
    const since = 'sinceTime=2026-01-02T14%3A59%3A59Z';
    expect(server.requests).toEqual([`${log}&follow=true`, read, read, `${log}&${since}`, read]);
  });

  it('reads 200,000 lines over 20 disconnects, in mid-line and clean ones too: all, in order, none twice', async () => {
    const count = 200_000;
    for (let index = 0; index < 20; index += 1)
      logs[0]?.breaks.push({
        record: 5_000 + index * 9_700,
        bytes: [0, 7, 31, 33][index % 4] ?? 0,
        how: index % 3 === 0 ? 'end' : 'cut',
      });
    const { lines, end } = follow();
    for (let from = 1; from <= count; from += 10_000) {
      write(from, from + 9_999, 100_000);
      await systemClock.sleep(1, stop.signal);
    }
    terminate();
    expect(await end).toBe('complete');
    expect(logs[0]?.breaks).toEqual([]);
    expect(lines).toHaveLength(count);
    expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
  });

  it('knows what it has handed over of more lines than it remembers one by one, all of one second', async () => {
    const { lines, end } = follow();
    write(1, 60_000, 1000);
    await until(() => lines.length === 60_000);
    server.cut();
    write(60_001, 60_010, 1000);
    await until(() => lines.length >= 60_010);
    terminate();
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 60_010));
  });

  it('reads each line once whatever the stamps and disconnects are, in 30 of 30 random logs', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = randomOf(seed);
      const log = new StubLog();
      logs = [log];
      pod = { uid: 'p1', state: 'running', restarts: 0 };
      let at = 5 * second;
      // Stdout and stderr: stamps that go back a little, stamps that are equal, and pauses.
      const records = numbers(1, 60).map((data) => {
        at += random() < 0.3 ? 0 : Math.floor(random() * (random() < 0.2 ? 2 * second : 1000));
        return { at: at - (random() < 0.3 ? Math.floor(random() * 900) : 0), data };
      });
      for (let count = 0; count < 8; count += 1) {
        const how = random() < 0.5 ? 'end' : 'cut';
        log.breaks.push({ record: Math.floor(random() * 60), bytes: Math.floor(random() * 34), how });
      }
      const { lines, end } = follow();
      for (let from = 0; from < 60; from += 15) {
        log.write(...records.slice(from, from + 15));
        await systemClock.sleep(1, stop.signal);
      }
      terminate();
      expect([seed, await end, ...lines]).toEqual([seed, 'complete', ...numbers(1, 60)]);
    }
  });

  it.each([
    ['later than all before', 61_000],
    ['in the same second', 60_300],
    ['older than the last one handed over, which was of the other stream', 60_199.5],
  ])('goes on with the first line of a new file when the old one was rotated away meanwhile: %s', async (_, at) => {
    const { lines, end } = follow();
    write(60_000, 60_200);
    await until(() => lines.length === 201);
    logs[0]?.rotate();
    server.cut();
    logs[0]?.write({ at: at * millisecond, data: 'new 1' }, { at: (at + 0.7) * millisecond, data: 'new 2' });
    await until(() => lines.length === 203);
    terminate();
    expect(await end).toBe('complete');
    expect(lines.slice(-3)).toEqual(['60200', 'new 1', 'new 2']);
  });

  it('hands over no end of a line that was written in parts, when the time asked for lies within it', async () => {
    const { lines, end } = follow();
    // A progress bar: its parts are written over ten seconds, and the last one in the second before the line after it.
    logs[0]?.write(
      { at: second, data: 'first' },
      { at: 10 * second, data: '10%', partial: true },
      { at: 19.9 * second, data: ' 100%' },
      { at: 20.1 * second, data: 'after' },
    );
    await until(() => lines.length === 3);
    server.cut();
    logs[0]?.write({ at: 20.2 * second, data: 'last' });
    await until(() => lines.length === 4);
    terminate();
    expect(await end).toBe('complete');
    expect(lines).toEqual(['first', '10% 100%', 'after', 'last']);
  });

  it('opens a connection anew on which nothing has come for 30 s', async () => {
    const { lines, end } = follow();
    write(1, 3);
    await until(() => lines.length === 3);
    logs[0]!.isMute = true;
    write(4, 6);
    await until(() => requests('log').length === 2);
    logs[0]!.isMute = false;
    terminate();
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 6));
  });

  it('takes the end of a stream for no end of the log as long as the container runs', async () => {
    for (let record = 0; record < 5; record += 1) logs[0]?.breaks.push({ record, bytes: 0, how: 'end' });
    const { lines, end } = follow();
    write(1, 4);
    await until(() => lines.length === 4 && logs[0]?.streams === 1);
    write(5, 5);
    await until(() => lines.length === 5);
    terminate();
    expect(await end).toBe('complete');
  });

  it('does not take the last reading for whole when it ends early, as it does when the API server loses the node', async () => {
    const { lines, end } = follow();
    write(1, 3);
    await until(() => lines.length === 3);
    terminate();
    logs[0]?.breaks.push({ record: 5, bytes: 0, how: 'end' }, { record: 8, bytes: 31, how: 'end' });
    server.cut();
    write(4, 20);
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 20));
  });

  it('hands over an end without a line feed, once the container has ended', async () => {
    logs[0]?.write({ at: second, data: 'one' }, { at: 2 * second, data: 'no line feed', partial: true });
    const { lines, end } = follow();
    await until(() => lines.length === 1);
    terminate();
    expect(await end).toBe('complete');
    expect(lines).toEqual(['one', 'no line feed']);
  });

  it('hands over in one batch what one chunk brought', async () => {
    write(1, 1000);
    const { batches, end } = follow();
    terminate();
    await end;
    expect(batches.length).toBeLessThan(10);
  });
});

describe('followLog of a container that is started again', () => {
  const restart = () => {
    logs[0]?.end();
    present = 1;
    pod = { uid: 'p1', state: 'running', restarts: 1 };
  };
  const ofTheNext = { at: 9 * second, data: 'of the second run' };

  it('reads the rest of the run it follows as the previous one, and nothing of the next', async () => {
    const { lines, end } = follow();
    write(1, 3);
    await until(() => lines.length === 3);
    server.cut();
    write(4, 6);
    logs[1]?.write(ofTheNext);
    restart();
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 6));
    expect(requests('log').at(-1)).toContain('previous=true');
  });

  it('hands over nothing of a stream that is of another run, which the API server tells only later', async () => {
    logs[1]?.write(ofTheNext);
    write(1, 3);
    logs[0]?.end();
    present = 1;
    const { lines, end } = follow();
    // The first answer for the pod comes once the stream of the wrong run stands.
    pod = { uid: 'p1', state: 'running', restarts: 1 };
    expect(await end).toBe('complete');
    expect(lines).toEqual(numbers(1, 3));
  });

  it('is gone when it was started twice: the kubelet keeps only one log before the present one', async () => {
    const { lines, end } = follow();
    write(1, 3);
    await until(() => lines.length === 3);
    pod = { uid: 'p1', state: 'running', restarts: 2 };
    logs[0]?.end();
    expect(await end).toBe('gone');
  });
});

describe('followLog where there is no log', () => {
  it('is gone with the pod, and when another pod has its name', async () => {
    for (const next of [undefined, { uid: 'p2', state: 'running', restarts: 0 } as const]) {
      pod = { uid: 'p1', state: 'running', restarts: 0 };
      logs[0] = new StubLog();
      const { lines, end } = follow();
      write(1, 3);
      await until(() => lines.length === 3);
      pod = next;
      server.cut();
      expect(await end).toBe('gone');
    }
  });

  it.each([
    'unable to retrieve container logs for containerd://0123',
    'failed to try resolving symlinks in path "/var/log/pods/x/main/0.log": no such file or directory',
  ])('is gone when the kubelet says so, with status 200: %s', async (words) => {
    server.stream = ({ pathname }, response) => {
      if (pathname.endsWith('/log')) response.writeHead(200).end(words);
      return pathname.endsWith('/log');
    };
    const { lines, end } = follow();
    await until(() => requests('log').length > 2);
    terminate();
    expect(await end).toBe('gone');
    expect(lines).toEqual([]);
  });

  it('waits for a container that has not started, with no more than one request a second', async () => {
    let slept = 0;
    const clock: Clock = {
      now: () => new Date(),
      sleep: async (ms, signal) => {
        if (ms < 10_000) slept += ms;
        await systemClock.sleep(ms < 10_000 ? 1 : ms, signal);
      },
    };
    const refuse = { status: 400, body: status(400, 'container "main" is waiting to start: ContainerCreating') };
    let isReady = false;
    server.intercept = (request) => {
      if (request.endsWith('/pods/loader-x')) return podAnswer();
      return request.includes('/log?') && !isReady ? refuse : undefined;
    };
    // First the API server knows that it waits, then it says that it runs, but the kubelet does not know yet.
    pod = { uid: 'p1', state: 'waiting', restarts: 0 };
    const { lines, end } = follow(clock, { ...run, pod: newPod({ name: 'loader-x', uid: 'p1' }) });
    await until(() => server.requests.length >= 6);
    pod = { uid: 'p1', state: 'running', restarts: 0 };
    await until(() => requests('log').length >= 4);
    expect(slept).toBeGreaterThanOrEqual((server.requests.length - 3) * 1000);
    isReady = true;
    write(1, 2);
    await until(() => lines.length === 2);
    terminate();
    expect(await end).toBe('complete');
  });

  it.each([
    [404, 'gone'],
    [500, 'HTTP 500'],
  ])('does not try for ever when the log of an ended container cannot be had: HTTP %i', async (code, outcome) => {
    pod = { uid: 'p1', state: 'terminated', restarts: 0 };
    server.intercept = (request) =>
      request.endsWith('/pods/loader-x') ? podAnswer() : { status: code, body: status(code, 'no') };
    const end = await follow().end.catch((error: unknown) => (error as Error).message);
    expect(end).toContain(outcome);
    expect(requests('log').length).toBe(20);
  });

  it('fails when the account may not read logs', async () => {
    server.intercept = (request) =>
      request.endsWith('/pods/loader-x') ? podAnswer() : { status: 403, body: status(403, 'forbidden') };
    await expect(follow().end).rejects.toMatchObject({
      status: 403,
      hint: expect.stringContaining('verb get on pods/log in namespace test') as string,
    });
  });

  it('throws what is thrown where the lines are taken, and lets go of the connection', async () => {
    write(1, 3);
    const fault = new Error('a fault of the reader');
    const jobs = connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock: fast, mask: () => {} }).jobs;
    const take = () => {
      throw fault;
    };
    await expect(jobs.followLog(run, take, stop.signal)).rejects.toBe(fault);
    await until(() => logs[0]?.streams === 0);
    expect(requests('log')).toHaveLength(1);
  });

  it('ends with the reason of the signal, and leaves no stream behind', async () => {
    write(1, 3);
    const { lines, end } = follow();
    await until(() => lines.length === 3);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(end).rejects.toBe(reason);
    stop = new AbortController();
    await until(() => logs[0]?.streams === 0);
  });
});

describe('hostile bytes', () => {
  const hostile = [
    'a\rb\r',
    '\u001b[2J\u001b]0;x\u0007',
    'nul\0nul',
    '::error::no command',
    'ä€😀'.repeat(50),
    '\ufeffbom',
    '2026-01-02T15:00:00.000000000Z stamp',
    '',
  ];

  it.each([1, 2, 3, 7, 1000])('come as they are, in chunks of %i bytes', async (size) => {
    const records = hostile.map((data, index) => `${stampOf(index)} ${data}\n`).join('');
    const bytes = Buffer.concat([Buffer.from(records), Buffer.from(`${stampOf(99)} \xff\xfe\n`, 'latin1')]);
    server.stream = ({ pathname }, response) => {
      if (!pathname.endsWith('/log')) return false;
      response.writeHead(200);
      for (let start = 0; start < bytes.length; start += size) response.write(bytes.subarray(start, start + size));
      response.end();
      return true;
    };
    pod = { uid: 'p1', state: 'terminated', restarts: 0 };
    const { lines, end } = follow();
    expect(await end).toBe('complete');
    expect(lines).toEqual([...hostile, '\ufffd\ufffd']);
  });
});
