import { readAllTags } from '@delivery/core/adapters/registry/tags';
import { imageFixture } from '@delivery/testing/image-fixture';
import { RegistryServer } from '@delivery/testing/registry-server';
import { faults } from '@delivery/testing/server-answer';
import { connect, errorOf, login, never, requestsOf, seed, users } from './setup.ts';

const image = imageFixture();

function seedTags(server: RegistryServer, count: number): string[] {
  const web = server.repository('org/web');
  seed(server, web, 'latest', image);
  const tags = Array.from({ length: count - 1 }, (_none, at) => `latest-${at + 1}`);
  for (const tag of tags) server.store.tag('org/web', tag, image.manifest.digest);
  return ['latest', ...tags].sort();
}

test('10,000 tags take ten requests of a thousand', async () => {
  await using server = await RegistryServer.start();
  const tags = seedTags(server, 10_000);
  expect(await connect().listTags(server.repository('org/web'), never)).toEqual(tags);
  expect(server.requests).toHaveLength(10);
});

test('the pages of a registry that gives fewer are all read, with one token', async () => {
  await using server = await RegistryServer.start({ auth: 'bearer', users, maxPage: 7 });
  const tags = seedTags(server, 50);
  expect(await connect({ credentials: login(server, 'ci') }).listTags(server.repository('org/web'), never)).toEqual(
    tags,
  );
  expect(requestsOf(server)).toHaveLength(8 + 2);
});

test('a repository that is there without tags has none', async () => {
  await using server = await RegistryServer.start();
  server.fault(faults.text(200, '{"name":"org/web","tags":null}'));
  expect(await connect().listTags(server.repository('org/web'), never)).toEqual([]);
});

test.each([
  ['is cut short', faults.text(200, '{"name":"org/web","tags":["latest-1","late'), 'is cut short'],
  ['is no list', faults.text(200, '{"name":"org/web","tags":"latest"}'), 'is not a list of tags'],
  ['holds what is no tag', faults.text(200, '{"tags":["a b"]}'), 'is not a list of tags'],
  ['is gone', faults.text(404, '{"errors":[]}'), 'is not a list of tags'],
])('a second page that %s is an error', async (_name, fault, problem) => {
  await using server = await RegistryServer.start({ maxPage: 2 });
  seedTags(server, 5);
  server.fault(fault, 1, ({ target }) => target.includes('last='));
  const error = await errorOf(connect().listTags(server.repository('org/web'), never));
  expect(error).toMatchObject({ code: 'registry', retryable: false, message: expect.stringContaining(problem) });
});

test('pages that lead to each other are an error', async () => {
  await using server = await RegistryServer.start({ maxPage: 2 });
  seedTags(server, 5);
  const loop = faults.headers({ link: '</v2/org/web/tags/list?n=1000&last=latest>; rel="next"' });
  server.fault(loop, 10_000);
  expect((await errorOf(connect().listTags(server.repository('org/web'), never))).message).toContain(
    'without an end (2 pages read)',
  );
});

test('pages without an end are an error after a thousand', async () => {
  let pages = 0;
  const reading = readAllTags(new URL('https://registry.test/v2/org/web/tags/list'), 'listing', async (url) => {
    const headers = new Headers({ link: `</v2/org/web/tags/list?last=${++pages}>; rel=next` });
    return { url, status: 200, headers, bytes: Buffer.from('{"tags":[]}') };
  });
  expect((await errorOf(reading)).message).toContain('(1000 pages read)');
  expect(pages).toBe(1_000);
});

test.each(['http://evil.test/v2/org/web/tags/list', '//evil.test/v2/', 'https://127.0.0.1.evil.test/'])(
  'a next page at %s is not asked for',
  async (link) => {
    await using server = await RegistryServer.start();
    seedTags(server, 2);
    server.fault(faults.headers({ link: `<${link}>; rel="next"` }));
    expect((await errorOf(connect().listTags(server.repository('org/web'), never))).message).toContain(
      'next page on another host',
    );
    expect(server.requests).toHaveLength(1);
  },
);

test('the next page is found among other links, and stays on the host whatever its path', async () => {
  await using server = await RegistryServer.start();
  seedTags(server, 2);
  const link = `<https://evil.test/>; rel="help", <http://${server.host}//evil.test/x>; title="a"; rel="next"`;
  server.fault(faults.headers({ link }));
  await errorOf(connect().listTags(server.repository('org/web'), never));
  expect(requestsOf(server)).toEqual(['GET /v2/org/web/tags/list 200', 'GET //evil.test/x 404']);
});
