import { digestOf } from '@delivery/core/domain/digest';
import type { Repository } from '@delivery/core/domain/image-reference';
import { maxManifestBytes, mediaTypes, referrersTag } from '@delivery/core/domain/manifest';
import type { Registry } from '@delivery/core/ports/registry';
import { artifactFixture, imageFixture, indexFixture } from '@delivery/testing/image-fixture';
import type { RegistryServerOptions } from '@delivery/testing/registry-server';
import { RegistryServer } from '@delivery/testing/registry-server';
import { errorAnswer, faults } from '@delivery/testing/server-answer';
import { connect, errorOf, never, requestsOf, seed } from './setup.ts';

const image = imageFixture();
const { digest } = image.manifest;
const tag = referrersTag(digest);
const note = (text: string) => artifactFixture(image.manifest, { note: text });
let server: RegistryServer;
let registry: Registry;
let web: Repository;

async function start(options: RegistryServerOptions = {}): Promise<void> {
  server = await RegistryServer.start(options);
  registry = connect();
  web = server.repository('org/web');
  seed(server, web, 'latest', image);
  server.store.putBlob('org/web', note('').blobs[0]!);
}
afterEach(async () => server[Symbol.asyncDispose]());

const write = async (text: string) => {
  const { manifest } = note(text);
  await registry.writeManifest(web, manifest.digest, manifest, never);
  return manifest.digest;
};
const list = () => registry.listReferrers(web, digest, never);
const notes = async () => (await list()).map(({ annotations }) => annotations['note']).sort();
const paths = () =>
  requestsOf(server).map((request) => request.replace('/v2/org/web/', '').replaceAll(/sha256:\w+/g, '…'));
/** The index under the tag, as JSON. */
const index = () =>
  JSON.parse(Buffer.from(server.store.manifest('org/web', tag)!.bytes).toString()) as { manifests: unknown[] };
const setIndex = (document: object, mediaType: string = mediaTypes.ociIndex) =>
  server.store.putManifest('org/web', tag, mediaType, Buffer.from(JSON.stringify(document)));

describe('a registry with the referrers API', () => {
  beforeEach(async () => start());

  test('is asked with one request, and written to with one', async () => {
    await write('built');
    expect(await notes()).toEqual(['built']);
    expect(paths()).toEqual(['PUT manifests/… 201', 'GET referrers/… 200']);
  });

  test.each(['http://evil.test/v2/', '//evil.test/v2/org/web/referrers/x'])(
    'is not asked for a next page at %s',
    async (link) => {
      server.fault(faults.headers({ link: `<${link}>; rel="next"` }));
      expect((await errorOf(list())).message).toContain('next page on another host');
      expect(server.requests).toHaveLength(1);
    },
  );

  test('is not asked for pages without an end', async () => {
    server.fault(faults.headers({ link: `</v2/org/web/referrers/${digest}>; rel="next"` }), 10);
    expect((await errorOf(list())).message).toContain('without an end (1 pages read)');
  });

  test.each([
    ['no index', faults.text(200, '{"schemaVersion":2,"manifests":{}}'), 'is not a valid index: manifests'],
    ['no JSON', faults.text(200, '<html>'), 'is not the JSON of'],
    ['without an end', faults.text(200, ' '.repeat(maxManifestBytes + 1)), 'larger than 4194304 bytes'],
    ['of a refusal', faults.status(403), 'answered 403'],
  ])('that answers with what is %s gives an error', async (_name, fault, problem) => {
    server.fault(fault, 2);
    expect(await errorOf(list())).toMatchObject({ code: 'registry', message: expect.stringContaining(problem) });
  });

  const gateway = (status: number) => faults.text(status, '<html>not here</html>');

  test.each([404, 400, 405, 303])('is not taken for one without it by one %i of a gateway', async (status) => {
    await write('built');
    server.fault(gateway(status));
    expect(await notes()).toEqual(['built']);
    expect(await notes()).toEqual(['built']);
    expect(paths().filter((path) => path.startsWith('GET manifests'))).toEqual([]);
  });

  test.each([
    [404, true],
    [400, false],
    [405, false],
    [303, false],
  ])('and has answered is an error with a lasting %i, and is asked again', async (status, retryable) => {
    await list();
    await write('built');
    server.fault(gateway(status), 2);
    expect(await errorOf(list())).toMatchObject({ code: 'registry', status, retryable });
    expect(await notes()).toEqual(['built']);
  });

  test.each([400, 404, 405])('and has answered is an error with a %i of its own', async (status) => {
    await list();
    await write('built');
    server.fault(() => errorAnswer(status, 'UNSUPPORTED', 'not now'));
    expect(await errorOf(list())).toMatchObject({ code: 'registry', status, retryable: false });
    expect(await notes()).toEqual(['built']);
  });

  test('is not known by a 200 that is no list', async () => {
    server.fault(faults.text(200, '<html>'));
    await errorOf(list());
    server.fault(gateway(404), 2);
    expect(await list()).toEqual([]);
  });

  test('is known by what it says of a write', async () => {
    await write('built');
    server.fault(gateway(404), 2);
    expect(await errorOf(list())).toMatchObject({ status: 404, retryable: true });
  });

  test('that says 404 of one repository is asked for the others', async () => {
    server.fault(() => errorAnswer(404, 'NAME_UNKNOWN', 'no such repository'));
    expect(await list()).toEqual([]);
    await write('built');
    expect(await notes()).toEqual(['built']);
  });
});

describe('a registry without the referrers API', () => {
  beforeEach(async () => start({ can: { referrers: false } }));

  test('is believed by its first word when that is an error document', async () => {
    server.fault(() => errorAnswer(404, 'UNSUPPORTED', 'no such thing'));
    expect(await list()).toEqual([]);
    expect(paths()).toEqual(['GET referrers/… 404', `GET manifests/${tag} 404`]);
  });

  test('is believed by its first word when that has the header of its API, as distribution gives it', async () => {
    const headers = { 'docker-distribution-api-version': 'registry/2.0' };
    server.fault(() => ({ status: 404, headers, body: Buffer.from('404 page not found\n') }));
    expect(await list()).toEqual([]);
    expect(paths()).toEqual(['GET referrers/… 404', `GET manifests/${tag} 404`]);
  });

  test('is asked for it twice in a run, and for the tag then', async () => {
    expect(await list()).toEqual([]);
    await write('built');
    expect(await notes()).toEqual(['built']);
    expect(paths()).toEqual([
      'GET referrers/… 404',
      'GET referrers/… 404',
      `GET manifests/${tag} 404`,
      'PUT manifests/… 201',
      `GET manifests/${tag} 404`,
      `PUT manifests/${tag} 201`,
      `GET manifests/${tag} 200`,
      `GET manifests/${tag} 200`,
    ]);
  });

  test.each([
    [303, { location: 'https://github.com/-/v2/packages/container/package/org%2Fweb' }],
    [307, { location: 'http://evil.test/' }],
    [400, {}],
    [405, {}],
    [406, {}],
    [501, {}],
  ])('may also say so by %i', async (status, headers) => {
    await write('built');
    server.fault(
      (answer) => ({ ...answer, status, headers }),
      1,
      ({ target }) => target.includes('referrers'),
    );
    expect(await notes()).toEqual(['built']);
  });

  test('lists each with its type, its size and its annotations, and keeps what it does not know', async () => {
    const other = note('of another program');
    server.store.putManifest('org/web', other.manifest.digest, other.manifest.mediaType, other.manifest.bytes);
    const entry = {
      mediaType: mediaTypes.ociManifest,
      size: other.manifest.bytes.length,
      digest: other.manifest.digest,
      artifactType: 'application/x',
      data: 'e30=',
      'org.unknown': { deep: [1, null] },
    };
    const before = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, annotations: { a: 'b' }, unknown: true };
    setIndex({ ...before, manifests: [entry] });
    const added = await write('built');
    expect(index()).toEqual({
      ...before,
      manifests: [
        entry,
        {
          mediaType: mediaTypes.ociManifest,
          digest: added,
          size: note('built').manifest.bytes.length,
          artifactType: 'application/vnd.test.note',
          annotations: { note: 'built' },
        },
      ],
    });
  });

  test('says the type of the config of an image that refers to another', async () => {
    const subject = { mediaType: image.manifest.mediaType, digest, size: image.manifest.bytes.length };
    const plain = JSON.parse(Buffer.from(image.manifest.bytes).toString()) as object;
    const bytes = Buffer.from(JSON.stringify({ ...plain, subject }));
    const { mediaType } = image.manifest;
    await registry.writeManifest(web, 'signed', { mediaType, digest: digestOf(bytes), bytes }, never);
    expect((await list()).map(({ artifactType }) => artifactType)).toEqual([
      'application/vnd.oci.image.config.v1+json',
    ]);
  });

  test('is not written to again when it lists the referrer already', async () => {
    await write('built');
    server.requests.length = 0;
    await write('built');
    expect(paths()).toEqual(['PUT manifests/… 201', `GET manifests/${tag} 200`]);
  });

  test('takes what many write at once, with one write each', async () => {
    const texts = Array.from({ length: 8 }, (_none, at) => String(at));
    await Promise.all(texts.map(write));
    expect(await notes()).toEqual(texts);
    expect(paths().filter((path) => path.startsWith(`PUT manifests/${tag}`))).toHaveLength(8);
  });

  test('keeps what another writer has put into the tag in the meantime, and adds again what was lost by that', async () => {
    const theirs = note('theirs').manifest;
    const taken = () => {
      server.store.putManifest('org/web', theirs.digest, theirs.mediaType, theirs.bytes);
      const { mediaType, digest: named, bytes } = theirs;
      const entry = { mediaType, digest: named, size: bytes.length, annotations: { note: 'theirs' } };
      setIndex({ schemaVersion: 2, manifests: [entry] });
    };
    // The other one has read before the first write, and writes after it.
    server.fault(
      (answer) => (taken(), answer),
      1,
      ({ method, target }) => method === 'PUT' && target.endsWith(tag),
    );
    await write('ours');
    expect(await notes()).toEqual(['ours', 'theirs']);
  });

  test('that others write to without an end is an error after five writes', async () => {
    const empty = () => setIndex({ schemaVersion: 2, manifests: [] });
    server.fault(
      (answer) => (empty(), answer),
      100,
      ({ method, target }) => method === 'PUT' && target.endsWith(tag),
    );
    expect(await errorOf(write('ours'))).toMatchObject({ code: 'registry', status: 409, retryable: true });
    expect(paths().filter((path) => path.startsWith(`PUT manifests/${tag}`))).toHaveLength(5);
  });

  test('loses the entries whose manifests are gone, where it insists on that', async () => {
    const gone = await write('gone');
    await write('kept');
    server.store.remove('org/web', gone);
    expect(await write('ours')).toBeDefined();
    expect(await notes()).toEqual(['kept', 'ours']);
  });

  test('keeps an entry whose manifest is not seen for a moment', async () => {
    const kept = await write('kept');
    // Neither the write nor the first look sees it.
    const unseen = () => errorAnswer(400, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry');
    server.faultInstead(unseen, 2, ({ method, target }) => method === 'PUT' && target.endsWith(tag));
    const missing = () => errorAnswer(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    server.fault(missing, 1, ({ method, target }) => method === 'HEAD' && target.endsWith(kept));
    await write('ours').catch(() => undefined);
    expect(await notes()).toContain('kept');
  });

  test('has its tag not overwritten when an image is there, and then nothing refers', async () => {
    server.store.tag('org/web', tag, digest);
    expect(await list()).toEqual([]);
    expect(await errorOf(write('ours'))).toMatchObject({
      status: 409,
      retryable: false,
      message: expect.stringContaining('it is not overwritten'),
    });
    expect(server.store.manifest('org/web', tag)?.digest).toBe(digest);
  });

  test('has nothing listed of a manifest without a subject', async () => {
    await registry.writeManifest(web, 'latest-1', indexFixture([image.manifest]), never);
    expect(paths()).toEqual(['PUT manifests/latest-1 201']);
  });
});

test('a write that fails lists nothing', async () => {
  await start({ can: { referrers: false } });
  server.faultInstead(faults.text(400, '{}'), 1, ({ method }) => method === 'PUT');
  expect(await errorOf(write('ours'))).toMatchObject({ status: 400 });
  expect(server.store.tags('org/web')).toEqual(['latest']);
});
