import { randomOf } from '@delivery/testing/random';
import { systemClock } from '../../../src/adapters/clock.ts';
import { connectCluster } from '../../../src/adapters/cluster/connect.ts';
import type { NamespaceView } from '../../../src/domain/workload.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Cluster } from '../../../src/ports/cluster.ts';
import type { Fault } from './stub-api-server.ts';
import { status, StubApiServer } from './stub-api-server.ts';

/** Pauses and time limits pass twenty times as fast. */
const fast: Clock = { now: () => new Date(), sleep: async (ms, signal) => systemClock.sleep(ms / 20, signal) };

function connect(server: StubApiServer, clock: Clock = fast): Cluster {
  return connectCluster({ kubeconfig: server.kubeconfig(), env: {}, clock, mask: () => {} }).cluster;
}

async function until(
  views: AsyncIterator<NamespaceView>,
  wanted: (view: NamespaceView) => boolean,
): Promise<NamespaceView> {
  for (;;) {
    const next = await views.next();
    if (next.done) throw new Error('the watch ended');
    if (wanted(next.value)) return next.value;
  }
}

function phases(view: NamespaceView): Record<string, string> {
  return Object.fromEntries(view.pods.map(({ name, phase }): [string, string] => [name, phase]).toSorted());
}

/** A reader that fails as soon as a pod goes back to an earlier state, or comes back after it was seen gone. */
function forwardOnly(): (view: NamespaceView) => void {
  const newest = new Map<string, number>();
  const gone = new Set<string>();
  return (view) => {
    const present = new Set(view.pods.map(({ uid }) => uid));
    for (const { uid, phase } of view.pods) {
      expect(Number(phase)).toBeGreaterThanOrEqual(newest.get(uid) ?? 0);
      expect(gone).not.toContain(uid);
      newest.set(uid, Number(phase));
    }
    for (const uid of newest.keys()) if (!present.has(uid)) gone.add(uid);
  };
}

const faults: Fault[] = ['end', 'cut', 'half line', 'garbage', 'gone', 'error'];

/** Ten changes of a namespace with a fault at every third line; gives the last view when it is the true one. */
async function stormyRun(seed: number): Promise<{ seen: Record<string, string>; truth: Record<string, string> }> {
  const random = randomOf(seed);
  const server = await StubApiServer.start();
  const stop = new AbortController();
  let uids = 0;
  let changes = 0;
  const living = new Map<string, string>();
  const truth = new Map<string, string>();
  const change = () => {
    const name = `pod-${Math.floor(random() * 6)}`;
    if (truth.has(name) && random() < 0.4) {
      server.remove('pods', name);
      living.delete(name);
      truth.delete(name);
      return;
    }
    const uid = living.get(name) ?? `uid-${(uids += 1)}`;
    living.set(name, uid);
    const phase = String((changes += 1));
    server.put('pods', name, uid, { status: { phase } });
    truth.set(name, phase);
  };
  const check = forwardOnly();
  try {
    change();
    const views = connect(server).watchNamespace('test', [], stop.signal)[Symbol.asyncIterator]();
    await until(views, () => true);
    server.fault = () => (random() < 0.33 ? (faults[Math.floor(random() * faults.length)] ?? 'cut') : 'none');
    const changing = (async () => {
      for (let count = 0; count < 10; count += 1) {
        change();
        if (random() < 0.05) server.compact();
        if (random() < 0.06) server.cut();
        await systemClock.sleep(random() * 6, stop.signal);
      }
    })();
    const settled = () => JSON.stringify([...truth].toSorted());
    let last: NamespaceView | undefined;
    const reading = (async () => {
      for (;;) {
        last = await until(views, () => true);
        check(last);
      }
    })();
    reading.catch(() => {});
    await changing;
    for (let tries = 0; tries < 500; tries += 1) {
      if (last && JSON.stringify(Object.entries(phases(last))) === settled()) break;
      await Promise.race([systemClock.sleep(10, stop.signal), reading]);
    }
    return { seen: last ? phases(last) : {}, truth: Object.fromEntries(truth) };
  } finally {
    stop.abort(new Error('over'));
    await server.close();
  }
}

describe('watchNamespace against an API server with faults', () => {
  let server: StubApiServer;
  let stop: AbortController;
  beforeEach(async () => {
    stop = new AbortController();
    server = await StubApiServer.start();
  });
  afterEach(async () => {
    stop.abort(new Error('over'));
    await server.close();
  });
  const watch = (clock?: Clock) =>
    connect(server, clock).watchNamespace('test', [], stop.signal)[Symbol.asyncIterator]();
  const watches = (resource: string) => server.requests.filter((request) => request.includes(`/${resource}?watch`));
  const lists = (resource: string) => server.requests.filter((request) => request.endsWith(`/${resource}`));

  it('shows the truth in 100 of 100 storms of cuts, half lines, garbage, 410 and errors, and never goes back', async () => {
    let right = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      const runs = Array.from({ length: 10 }, async (_, index) => stormyRun(batch * 10 + index + 1));
      for (const { seen, truth } of await Promise.all(runs)) {
        expect(seen).toEqual(truth);
        right += 1;
      }
    }
    expect(right).toBe(100);
  }, 180_000);

  it('speaks HTTP/1.1 to a server that offers HTTP/2, so that one lost connection is one lost watch', async () => {
    await until(watch(), () => true);
    expect([...server.httpVersions]).toEqual(['1.1']);
  });

  it("asks for OpenShift's kinds only where they are named: another cluster answers 404", async () => {
    await until(watch(), () => true);
    const kinds = ['deploymentconfigs', 'replicationcontrollers'];
    expect(kinds.flatMap(lists)).toEqual([]);
    const named = connect(server).watchNamespace('test', ['DeploymentConfig'], stop.signal)[Symbol.asyncIterator]();
    await until(named, () => true);
    expect(kinds.flatMap(lists)).toEqual([
      'GET /apis/apps.openshift.io/v1/namespaces/test/deploymentconfigs',
      'GET /api/v1/namespaces/test/replicationcontrollers',
    ]);
  });

  it('watches on from the last version after a lost connection, without listing again', async () => {
    server.put('pods', 'a', 'uid-a', { status: { phase: 'Pending' } });
    const views = watch();
    await until(views, () => true);
    const version = server.put('pods', 'a', 'uid-a', { status: { phase: 'Running' } });
    await until(views, (view) => view.pods[0]?.phase === 'Running');
    server.cut();
    server.put('pods', 'b', 'uid-b', { status: { phase: 'Pending' } });
    await until(views, (view) => view.pods.length === 2);
    expect(lists('pods')).toHaveLength(1);
    expect(watches('pods')).toHaveLength(2);
    expect(watches('pods')[1]).toContain(`resourceVersion=${version}&`);
  });

  it('lists again after 410, and drops what has gone meanwhile', async () => {
    server.put('pods', 'a', 'uid-a', {});
    server.put('pods', 'b', 'uid-b', {});
    const views = watch();
    await until(views, (view) => view.pods.length === 2);
    await server.refuse();
    server.remove('pods', 'a');
    server.compact();
    await server.listen();
    const view = await until(views, ({ pods }) => pods.length === 1);
    expect(view.pods[0]?.name).toBe('b');
    expect(lists('pods')).toHaveLength(2);
  });

  it('waits for an API server that refuses connections, and goes on when it is back', async () => {
    const views = watch();
    await until(views, () => true);
    await server.refuse();
    server.put('pods', 'a', 'uid-a', {});
    await systemClock.sleep(300, stop.signal);
    await server.listen();
    expect((await until(views, ({ pods }) => pods.length === 1)).pods[0]?.name).toBe('a');
  });

  it('watches nothing for one who looks only once', async () => {
    server.intercept = (request) => (request.includes('watch=') ? { status: 403, body: '' } : undefined);
    server.put('pods', 'a', 'uid-a', {});
    for await (const { pods } of connect(server).watchNamespace('test', [], stop.signal)) {
      expect(pods).toHaveLength(1);
      break;
    }
    expect(server.requests.filter((request) => request.includes('watch='))).toEqual([]);
  });

  it('does not rush at a server that ends every watch at once', async () => {
    let paused = 0;
    const clock: Clock = {
      now: () => new Date(),
      sleep: async (ms, signal) => {
        if (ms < 5_000) paused += ms;
        await systemClock.sleep(ms < 5_000 ? 1 : ms, signal);
      },
    };
    server.intercept = (request) => (request.includes('watch=') ? { status: 200, body: '' } : undefined);
    const views = watch(clock);
    await until(views, () => true);
    views.next().catch(() => undefined);
    while (watches('pods').length < 8) await systemClock.sleep(5, stop.signal);
    expect(paused).toBeGreaterThan(2_000);
  });

  it('passes over a line that can never be read by listing again', async () => {
    const views = watch();
    await until(views, () => true);
    let poisoned = true;
    server.fault = () => (poisoned ? 'garbage' : 'none');
    server.put('pods', 'a', 'uid-a', {});
    await until(views, ({ pods }) => pods.length === 1);
    poisoned = false;
    expect(lists('pods')).toHaveLength(2);
  });

  it('sees a change through a dead connection that nobody closed', async () => {
    // Time limits of 70 s pass in 0.7 s; the server answers the first watch of the pods and then says nothing more.
    const clock: Clock = { now: () => new Date(), sleep: async (ms, signal) => systemClock.sleep(ms / 100, signal) };
    const views = watch(clock);
    await until(views, () => true);
    const seen = until(views, ({ pods }) => pods.length === 1);
    while (server.openWatches < 5) await systemClock.sleep(1, stop.signal);
    server.mute('pods');
    server.put('pods', 'a', 'uid-a', {});
    await seen;
    expect(watches('pods')).toHaveLength(2);
  });

  it.each([
    [401, 'does not know this account'],
    [403, 'verb list on pods in namespace test'],
  ])('ends at HTTP %i with a hint that says what to do', async (code, hint) => {
    server.intercept = (request) =>
      request.endsWith('/pods') ? { status: code, body: status(code, 'no way\n::error::in') } : undefined;
    const error: unknown = await until(watch(), () => true).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ system: 'cluster', status: code, retryable: false });
    expect(error).toMatchObject({
      message: `list pods in namespace test: HTTP ${code}, no way ::error::in`,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it('makes one view of changes that arrive together', async () => {
    const views = watch();
    await until(views, () => true);
    for (let index = 0; index < 50; index += 1) server.put('pods', `pod-${index}`, `uid-${index}`, {});
    let count = 0;
    await until(views, ({ pods }) => (count += 1) > 0 && pods.length === 50);
    expect(count).toBeLessThan(10);
  });

  it('keeps the newest 1000 events, the oldest of them first', async () => {
    for (let index = 0; index < 1200; index += 1) {
      const lastTimestamp = new Date(1_700_000_000_000 + ((index * 7) % 1200) * 1000).toISOString();
      server.put('events', `event-${index}`, `uid-${index}`, { reason: 'Pulling', lastTimestamp });
    }
    const { events } = await until(watch(), () => true);
    expect(events).toHaveLength(1000);
    expect(events[0]?.lastSeen).toEqual(new Date(1_700_000_200_000));
    expect(events.at(-1)?.lastSeen).toEqual(new Date(1_700_001_199_000));
  });

  it('leaves no connection behind when it is aborted', async () => {
    const views = watch();
    await until(views, () => true);
    expect(server.connections).toBeGreaterThan(0);
    stop.abort(new Error('enough'));
    await expect(until(views, () => false)).rejects.toThrow('enough');
    while (server.openWatches > 0) await systemClock.sleep(5, new AbortController().signal);
    expect(server.openWatches).toBe(0);
  });
});
