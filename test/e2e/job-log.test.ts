import { jest } from '@jest/globals';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import type { Pod } from '@delivery/core/domain/workload';
import type { Jobs } from '@delivery/core/ports/jobs';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { readState } from '../ground/state.ts';
import { GroundNamespace, shellPod } from './jobs-ground.ts';

jest.setTimeout(240_000);

/** Passes connections on to the API server; cuts those that are open when told so. */
class Proxy {
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<Proxy> {
    const { hostname, port } = new URL(readState().cluster.server);
    const proxy = new Proxy(createServer((client) => proxy.#pass(client, connect(Number(port), hostname))));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  jobs(): Jobs {
    const { cluster } = readState();
    const { port } = this.#server.address() as AddressInfo;
    const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8').replaceAll(cluster.server, `https://127.0.0.1:${port}`);
    return connectCluster({ kubeconfig, env: {}, clock: systemClock, mask: () => {} }).jobs;
  }

  cut(): void {
    this.cuts += 1;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

let ground: GroundNamespace;
let proxy: Proxy;
let stop: AbortController;
beforeEach(async () => {
  stop = new AbortController();
  ground = await GroundNamespace.make();
  proxy = await Proxy.start();
});
afterEach(async () => {
  stop.abort();
  await proxy.close();
  await ground.remove();
});

async function start(script: string): Promise<Pod> {
  const jobs = proxy.jobs();
  const { namespace } = ground;
  let view = await jobs.list(namespace, stop.signal);
  const spec = shellPod(script, { restartPolicy: 'Never' });
  await ground.create('v1', 'Pod', 'speaker', { spec }, { labels: { 'job-name': 'speaker' } });
  const isStarted = () => view.pods.some(({ containers }) => containers[0] && containers[0].state.is !== 'waiting');
  for await (view of jobs.watch(view, { only: 'pods' }, stop.signal)) if (isStarted()) break;
  return view.pods[0]!;
}

describe('the log of a real pod', () => {
  it('comes whole, in order and without doubles over twenty lost connections', async () => {
    // 200,000 lines of 47 bytes in the node's file: below the 10 MiB at which the kubelet rotates it. What is rotated away while
    // no connection stands cannot be had from the API.
    const count = 200_000;
    const pod = await start(
      'i=0; while [ $i -lt 40 ]; do seq $((i * 5000 + 1)) $((i * 5000 + 5000)); sleep 0.3; i=$((i + 1)); done',
    );
    const lines: string[] = [];
    const cuts = Array.from({ length: 20 }, (_, index) => 3_000 + index * 9_700);
    const take = (batch: readonly string[]) => {
      lines.push(...batch);
      if (lines.length < (cuts[0] ?? Infinity)) return;
      cuts.shift();
      proxy.cut();
    };
    const run = { pod, container: 'main', restarts: 0 };
    expect(await proxy.jobs().followLog(run, take, stop.signal)).toBe('complete');
    expect(proxy.cuts).toBe(20);
    expect(lines).toHaveLength(count);
    expect(lines.findIndex((line, index) => line !== String(index + 1))).toBe(-1);
  });

  it('has lines of any length and any bytes, and an end without a line feed', async () => {
    const long = 'i=0; while [ $i -lt 20000 ]; do printf x; i=$((i + 1)); done; echo';
    const pod = await start(`printf 'a\\033[31m\\tb\\n\\377\\n'; ${long}; sleep 1; printf '\\n::error::x\\nlast'`);
    const lines: string[] = [];
    const run = { pod, container: 'main', restarts: 0 };
    expect(await proxy.jobs().followLog(run, (batch) => lines.push(...batch), stop.signal)).toBe('complete');
    expect(lines).toEqual(['a\u001b[31m\tb', '\ufffd', 'x'.repeat(16_384), '', '::error::x', 'last']);
  });

  it('is gone with its pod', async () => {
    const pod = await start('echo one; sleep 600');
    const run = { pod, container: 'main', restarts: 0 };
    const lines: string[] = [];
    const remove = () => ground.api.delete(ground.object('v1', 'Pod', 'speaker'), undefined, undefined, 0);
    let removed: Promise<unknown> | undefined;
    const take = (batch: readonly string[]) => {
      lines.push(...batch);
      removed ??= remove();
    };
    expect(await proxy.jobs().followLog(run, take, stop.signal)).toBe('gone');
    await removed;
    expect(lines).toEqual(['one']);
  });
});
