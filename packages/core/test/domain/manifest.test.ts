import { mediaTypes, parseImageConfig, parseManifest, platformImages } from '@delivery/core/domain/manifest';
import { RemoteError } from '@delivery/core/errors/errors';
import { imageFixture, indexFixture } from '@delivery/testing/image-fixture';

const toBytes = (document: unknown) =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
const where = 'registry.test/web:latest';

describe('parseManifest', () => {
  test.each([false, true])('reads an image and an index (docker: %s)', (docker) => {
    const { manifest, blobs } = imageFixture({ docker });
    const image = parseManifest(manifest.bytes, manifest.mediaType, where);
    expect(image).toMatchObject({
      kind: 'image',
      config: { size: blobs[0]!.length },
      layers: [{ size: blobs[1]!.length }],
      annotations: {},
    });
    const index = indexFixture([manifest, manifest], docker);
    expect(parseManifest(index.bytes, index.mediaType, where)).toMatchObject({
      kind: 'index',
      manifests: [
        { digest: manifest.digest, platform: { os: 'linux', architecture: 'arch0', variant: '' } },
        { digest: manifest.digest, platform: { os: 'linux', architecture: 'arch1', variant: '' } },
      ],
    });
  });

  const good = JSON.parse(new TextDecoder().decode(imageFixture().manifest.bytes)) as Record<string, object>;
  test.each<[string, unknown, string, string]>([
    ['another media type', good, 'text/html', 'is neither a manifest nor an index: its media type is "text/html"'],
    ['what is no JSON', '{', mediaTypes.ociManifest, 'is not the JSON of a manifest'],
    ['what is no UTF-8', '\u00ff', mediaTypes.ociIndex, 'is not the JSON of'],
    ['a list', [], mediaTypes.ociManifest, 'is not a valid manifest'],
    ['an old schema', { ...good, schemaVersion: 1 }, mediaTypes.ociManifest, 'schemaVersion'],
    [
      'a digest that is none',
      { ...good, config: { ...good['config'], digest: 'sha256:../../x' } },
      mediaTypes.ociManifest,
      'config.digest: is not sha256',
    ],
    ['a negative size', { ...good, config: { ...good['config'], size: -1 } }, mediaTypes.ociManifest, 'config.size'],
    [
      'a manifest that is called an index',
      { ...good, mediaType: undefined },
      mediaTypes.ociIndex,
      'is not a valid index: manifests',
    ],
    ['one that contradicts its media type', good, mediaTypes.dockerManifest, 'but the registry says'],
    [
      'thousands of layers',
      { ...good, layers: Array<object>(2_001).fill(good['config']!) },
      mediaTypes.ociManifest,
      'layers',
    ],
  ])('refuses %s', (_name, document, mediaType, problem) => {
    const parse = () =>
      parseManifest(document === '\u00ff' ? new Uint8Array([0xff]) : toBytes(document), mediaType, where);
    expect(parse).toThrow(problem);
    expect(parse).toThrow(where);
    expect(parse).toThrow(RemoteError);
  });

  test('refuses more than 4 MiB', () => {
    expect(() => parseManifest(new Uint8Array(4 * 1024 * 1024 + 1), mediaTypes.ociManifest, where)).toThrow(
      'is larger than',
    );
  });
});

describe('platformImages', () => {
  test('leaves attestations out', () => {
    const { manifest } = imageFixture();
    const entry = { mediaType: manifest.mediaType, digest: manifest.digest, size: 1 };
    const manifests = [
      { ...entry, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { ...entry, platform: { os: 'unknown', architecture: 'unknown' } },
      { ...entry, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
      entry,
    ];
    const index = parseManifest(toBytes({ schemaVersion: 2, manifests }), mediaTypes.ociIndex, where);
    expect(index.kind === 'index' && platformImages(index).map(({ platform }) => platform?.variant)).toEqual([
      'v8',
      undefined,
    ]);
  });
});

describe('parseImageConfig', () => {
  test('reads platform, time and labels', () => {
    const { blobs } = imageFixture({
      labels: { 'build.number': '268', 'a"b': 'ü\n' },
      created: '2026-09-15T16:00:00.123456789+01:00',
      architecture: 'arm64',
    });
    expect(parseImageConfig(blobs[0]!, where)).toEqual({
      platform: { os: 'linux', architecture: 'arm64', variant: '' },
      created: new Date('2026-09-15T15:00:00.123Z'),
      labels: { 'build.number': '268', 'a"b': 'ü\n' },
    });
  });

  test.each([
    {},
    { config: null },
    { config: { Labels: null } },
    { created: null },
    { created: 'yesterday' },
    { created: '2026-02-31T99:00:00Z' },
  ])('takes %j for no time and no labels', (fields) => {
    expect(parseImageConfig(toBytes({ os: 'linux', architecture: 'amd64', ...fields }), where)).toMatchObject({
      created: undefined,
      labels: {},
    });
  });

  test.each([
    ['no architecture', { os: 'linux' }],
    ['a label that is a number', { os: 'linux', architecture: 'amd64', config: { Labels: { a: 1 } } }],
    ['null', null],
  ])('refuses %s', (_name, document) => {
    expect(() => parseImageConfig(toBytes(document), where)).toThrow(
      /registry\.test\/web:latest is not a valid image config/,
    );
  });
});
