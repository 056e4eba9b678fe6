import { digestOf } from '@delivery/core/domain/digest';
import type { OpenedBlob } from '@delivery/core/adapters/registry/blob-source';
import { RemoteBlob } from '@delivery/core/adapters/registry/blob-source';
import { exchange } from '@delivery/core/adapters/registry/exchange';
import { Patience } from '@delivery/core/adapters/registry/retry';
import { RegistryServer } from '@delivery/testing/registry-server';
import type { Fault, ServerRequest } from '@delivery/testing/server-answer';
import { faults } from '@delivery/testing/server-answer';
import { CopyScene, download } from './copy-scene.ts';
import { errorOf, InstantClock, never, requestsOf } from './setup.ts';

const smuggled = Buffer.from('GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n');
/** Of more than what is kept for another try. */
const large = Buffer.alloc(5 * 1024 * 1024, 'a large layer ');
let scene: CopyScene;
beforeEach(async () => {
  scene = await CopyScene.start();
});
afterEach(async () => scene[Symbol.asyncDispose]());

const resumed = (head: ServerRequest) => download(head) && head.headers.range !== undefined;
/** Says nothing, or something else, of where the bytes are from, and sends more of them. */
const range =
  (said: string | undefined, more: Uint8Array = smuggled): Fault =>
  ({ headers, body, ...answer }) => {
    const others = Object.entries(headers).filter(([name]) => name !== 'content-range');
    const told = { ...Object.fromEntries(others), ...(said !== undefined && { 'content-range': said }) };
    return { ...answer, headers: told, body: Buffer.concat([body, more]), isChunked: true };
  };

async function expectRefused(copy: Promise<unknown>, problem: string): Promise<void> {
  const error = await errorOf(copy);
  expect(error).toMatchObject({ code: 'registry', retryable: false, message: expect.stringContaining(problem) });
  expect(scene.isClean).toBe(true);
  expect(requestsOf(scene.target).filter((request) => request.includes('smuggled'))).toEqual([]);
}

describe.each([
  ['of 600 kB', undefined],
  ['of 5 MiB', large],
])('a download %s that goes on', (_name, bytes) => {
  let blob: CopyScene['blob'];
  beforeEach(() => {
    blob = bytes ? { digest: scene.source.store.putBlob('org/web', bytes), size: bytes.length } : scene.blob;
    scene.source.fault(faults.cut, 1, download);
  });

  test.each([
    ['no range', undefined],
    ['another unit', 'pages 1-2/3'],
    ['no first byte', 'bytes */600000'],
    ['no last byte', 'bytes 300000-'],
    ['words', 'bytes some-more/all'],
  ])('is refused when the registry says %s', async (_range, said) => {
    scene.source.fault(range(said), 1, resumed);
    await expectRefused(scene.copy(blob), 'does not say which bytes of it come');
  });

  test.each([
    ['an earlier one', 'bytes 0-599999/*', 'comes from byte 0 in place of byte'],
    ['a later one', 'bytes 5000000-5000001/*', 'comes from byte 5000000 in place of byte'],
  ])('is refused when the first byte is %s', async (_range, said, problem) => {
    scene.source.fault(range(said), 1, resumed);
    await expectRefused(scene.copy(blob), problem);
  });

  test('is refused when it is of another size', async () => {
    scene.source.fault(
      ({ headers, ...answer }) => {
        return { ...answer, headers: { 'content-range': headers['content-range']!.replace(/\d+$/, '9999999') } };
      },
      1,
      resumed,
    );
    await expectRefused(scene.copy(blob), `it has 9999999 bytes in place of ${blob.size}`);
  });

  test('is refused when more bytes come than it has', async () => {
    scene.source.fault(
      (answer, request) => {
        const said = answer.headers['content-range']!.replace(/\d+$/, '*');
        return range(said)(answer, request);
      },
      1,
      resumed,
    );
    await expectRefused(scene.copy(blob), `longer than the ${blob.size} bytes`);
  });

  test('is moved again when other bytes come than those that were asked for', async () => {
    scene.source.fault((answer) => ({ ...answer, body: Buffer.alloc(answer.body.length) }), 1, resumed);
    expect(await scene.copy(blob)).toBe('copied');
    expect(scene.target.store.blob('org/promoted', blob.digest)).toHaveLength(blob.size);
  });
});

test.each([undefined, 'bytes 5-599999/600000'])('a part (%s) is not taken where all was asked for', async (said) => {
  scene.source.fault((answer, request) => ({ ...range(said)(answer, request), status: 206 }), 1, download);
  await expectRefused(scene.copy(), said === undefined ? 'does not say which bytes' : 'comes from byte 5');
});

describe('a remote blob', () => {
  const content = Buffer.from('what is asked for');
  const read = async (opened: Partial<OpenedBlob>, pieces: readonly Buffer[]): Promise<Buffer> => {
    const left = [...pieces];
    const open = async (): Promise<OpenedBlob> => ({
      start: 0,
      next: async () => left.shift(),
      finish: () => undefined,
      close: () => undefined,
      ...opened,
    });
    const blob = { digest: digestOf(content), size: content.length };
    const source = new RemoteBlob({ blob, what: 'reading', patience: new Patience(new InstantClock(), never), open });
    const got: Uint8Array[] = [];
    for (let piece; (piece = await source.next());) got.push(Uint8Array.from(piece));
    return Buffer.concat(got);
  };

  test('gives what has its digest', async () => {
    expect(await read({}, [Buffer.from(content)])).toEqual(content);
  });

  test.each([NaN, -1, 0.5, 3, Infinity])('is not read from byte %p', async (start) => {
    await expect(read({ start }, [Buffer.from(content)])).rejects.toMatchObject({ code: 'registry', retryable: false });
  });

  test('never gives more than its size', async () => {
    const more = [Buffer.from(content.subarray(0, 5)), Buffer.concat([content.subarray(5), smuggled])];
    await expect(read({}, more)).rejects.toMatchObject({ code: 'registry', retryable: false });
  });

  test('never gives bytes of another digest', async () => {
    await expect(read({}, [Buffer.alloc(content.length)])).rejects.toThrow('has digest');
  });
});

test.each([
  ['more', [Buffer.alloc(10), Buffer.concat([Buffer.alloc(10), smuggled])]],
  ['fewer', [Buffer.alloc(10), Buffer.alloc(9)]],
])('a body of %s bytes than were said to come is not sent to its end', async (_name, all) => {
  await using server = await RegistryServer.start();
  const left = [...all];
  const upload = { pieces: { next: async () => left.shift() }, length: 20 };
  const url = new URL(`http://${server.host}/v2/org/web/blobs/uploads/1`);
  const limits = { idleMs: 500, streamMs: 500 };
  const sent = exchange({ method: 'PUT', url, headers: {}, upload, what: 'sending', signal: never, ...limits });
  await expect(sent).rejects.toMatchObject({ code: 'registry', retryable: false });
  expect(server.requests).toEqual([]);
});
