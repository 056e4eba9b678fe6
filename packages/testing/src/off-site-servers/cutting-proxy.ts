import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Stands before a server of 127.0.0.1 and counts what goes to it. */
export interface CuttingProxy {
  readonly port: number;
  /** Bytes that went to the server since `limit` was called. */
  sent(): number;
  /**
   * After so many bytes the connection is cut, or nothing passes any more in either direction; resolves then. Counting begins anew.
   */
  limit(bytes: number, how?: 'cut' | 'stall'): Promise<void>;
  stop(): Promise<void>;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  let rest = Infinity;
  let sent = 0;
  let action: 'cut' | 'stall' = 'cut';
  let reached = () => {};
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const both = [client, upstream];
    const destroy = () => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', destroy).on('close', () => {
        sockets.delete(socket);
        destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, Math.max(0, rest));
      rest -= passed.length;
      sent += passed.length;
      if (passed.length > 0) upstream.write(passed);
      if (passed.length === chunk.length) return;
      if (action === 'cut') upstream.end(destroy);
      else both.forEach((socket) => socket.unpipe().pause());
      reached();
    });
    client.on('end', () => upstream.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => sent,
    limit(bytes, how = 'cut') {
      [rest, sent, action] = [bytes, 0, how];
      return new Promise((resolve) => {
        reached = resolve;
      });
    },
    async stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
