import { fetchWeb } from '@delivery/core/adapters/web';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page`);
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const { signal } = new AbortController();

it('gives status and body, whatever the status is', async () => {
  const url = await serve((_, answer) => answer.writeHead(500).end('Server Error ü'));
  expect(await fetchWeb.get(url, 5_000, signal)).toEqual({ status: 500, body: 'Server Error ü' });
});

it('does not follow a redirect', async () => {
  const url = await serve((_, answer) => answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  expect((await fetchWeb.get(url, 5_000, signal)).status).toBe(302);
});

it('sends no credentials, not even those of the address', async () => {
  const seen: (string | undefined)[] = [];
  const url = await serve((request, answer) => {
    seen.push(request.headers.authorization);
    answer.end('ok');
  });
  url.username = 'ada';
  url.password = 'secret';
  await fetchWeb.get(url, 5_000, signal);
  expect(seen).toEqual([undefined]);
});

it('reads no more than 256 KiB of a page without end', async () => {
  const url = await serve((request, answer) => {
    const chunk = 'x'.repeat(64 * 1024);
    const write = () =>
      void (answer.destroyed || !answer.write(chunk) ? answer.once('drain', write) : setImmediate(write));
    request.on('close', () => answer.destroy());
    write();
  });
  expect((await fetchWeb.get(url, 5_000, signal)).body).toHaveLength(256 * 1024);
});

it('says that no answer came in time', async () => {
  const url = await serve(() => undefined);
  await expect(fetchWeb.get(url, 100, signal)).rejects.toMatchObject({
    code: 'web',
    message: `${url.href} did not answer within 0.1 s`,
  });
});

it('says why nobody answers, by the code of the system only', async () => {
  const url = await serve(() => undefined);
  await new Promise((resolve) => server?.close(resolve));
  const asked = fetchWeb.get(new URL('/secret?token=1', url), 5_000, signal);
  await expect(asked).rejects.toMatchObject({ message: `${url.origin}/secret cannot be reached (ECONNREFUSED)` });
});

it('stops with the reason of the signal', async () => {
  const url = await serve(() => undefined);
  const abort = new AbortController();
  const asked = fetchWeb.get(url, 5_000, abort.signal);
  const reason = new Error('cancelled');
  abort.abort(reason);
  await expect(asked).rejects.toBe(reason);
});
