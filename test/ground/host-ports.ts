import { once } from 'node:events';
import { createServer } from 'node:net';
import { GroundError } from './commands.ts';
import { pages, ports } from './settings.ts';

/** Every port of the host's loopback that the ground listens on. */
export const hostPorts: readonly number[] = [...Object.values(ports), ...Object.values(pages).map(({ port }) => port)];

/** Throws when another program has one of them: better before a long build than after. */
export async function checkPortsFree(): Promise<void> {
  for (const port of hostPorts) {
    const server = createServer();
    const listening = once(server.listen(port, '127.0.0.1'), 'listening');
    await listening.catch((cause: unknown) => {
      throw new GroundError(`127.0.0.1:${port} is taken by another program (ss -ltnp names it): end it and try again`, {
        cause,
      });
    });
    server.close();
    await once(server, 'close');
  }
}
