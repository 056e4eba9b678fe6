import { certificate } from '@delivery/testing/certificate';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { GroundState } from '../ground/state.ts';

/** Stands before the API server and keeps what was asked of it. */
export class CountingProxy {
  readonly requests: string[] = [];
  /** How many objects were made: answers 201, which reviews of access get too. */
  created = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start({ cluster }: GroundState): Promise<CountingProxy> {
    const ca = cluster.caPath === undefined ? undefined : readFileSync(cluster.caPath);
    const server = createServer(certificate(), (incoming, answer) => {
      proxy.requests.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
      const options = { method: incoming.method ?? 'GET', headers: incoming.headers, ca };
      const onward = request(new URL(incoming.url ?? '/', cluster.server), options, (received) => {
        if (received.statusCode === 201 && !incoming.url?.includes('/authorization.k8s.io/')) proxy.created += 1;
        answer.writeHead(received.statusCode ?? 502, received.headers);
        received.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      incoming.pipe(onward);
    });
    const proxy = new CountingProxy(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** PEM */
  readonly authority = certificate().cert;

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
