import { digestOf } from '@delivery/core/domain/digest';
import type { Note } from '@delivery/core/action/ledger';
import { noteInLedger, readLedger, writeRecord } from '@delivery/core/action/ledger';
import { renderSummary } from '@delivery/core/action/markdown';
import { parseRepository } from '@delivery/core/domain/image-reference';
import type { LedgerEntry } from '@delivery/core/domain/ledger';
import { annotationsOf, recordArtifactType } from '@delivery/core/domain/ledger';
import { mediaTypes, parseManifest } from '@delivery/core/domain/manifest';
import { CancelledError, RemoteError } from '@delivery/core/errors/errors';
import { FakeClock } from '@delivery/testing/fake-clock';
import { FakeRegistry } from '@delivery/testing/fake-registry';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import { imageFixture } from '@delivery/testing/image-fixture';

const repository = parseRepository('registry.example.org/dev/web-stream')!;
const { signal } = new AbortController();
const image = imageFixture();
const subject = image.manifest;
const entry: LedgerEntry = {
  event: 'tested',
  verdict: 'success',
  at: new Date('2026-09-15T16:00:00.000Z'),
  by: 'ada',
  run: 'https://github.example.org/acme/stack/actions/runs/7001/attempts/1',
  reason: 'Healthy.',
};

function newRegistry(): FakeRegistry {
  const registry = new FakeRegistry();
  registry.seedImage(repository, 'latest-1', image);
  return registry;
}

/** As anybody who may push could write it. */
function seedReferrer(registry: FakeRegistry, annotations: object, artifactType: string = recordArtifactType): void {
  const empty = new TextEncoder().encode('{}');
  const blob = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(empty), size: 2 };
  const { mediaType, digest, bytes } = subject;
  const content = {
    ...{ schemaVersion: 2, mediaType: mediaTypes.ociManifest, artifactType, config: blob, layers: [blob], annotations },
    subject: { mediaType, digest, size: bytes.length },
  };
  const own = new TextEncoder().encode(JSON.stringify(content));
  const manifest = { mediaType: mediaTypes.ociManifest, digest: digestOf(own), bytes: own };
  registry.seedImage(repository, 'seeded', { manifest, blobs: [empty] });
}

describe('a record in the registry', () => {
  it('is a manifest of the OCI image spec that refers to the image, and is not tagged', async () => {
    const registry = newRegistry();
    const digest = await writeRecord(repository, subject, entry, registry, signal);
    const written = (await registry.readManifest(repository, digest, signal))!;
    const empty = {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      size: 2,
    };
    expect(JSON.parse(new TextDecoder().decode(written.bytes))).toEqual({
      ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
      artifactType: 'application/vnd.fragalysis-actions.record.v1+json',
      ...{ config: empty, layers: [empty] },
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
      annotations: annotationsOf(entry),
    });
    expect(parseManifest(written.bytes, written.mediaType, 'here').subject?.digest).toBe(subject.digest);
    expect(await registry.listTags(repository, signal)).toEqual(['latest-1']);
  });

  it('is read with all the others in one request, the oldest first', async () => {
    const registry = newRegistry();
    const later = { ...entry, verdict: 'failure', at: new Date('2026-09-16T16:00:00.000Z') } as const;
    const digests = [];
    for (const one of [later, entry]) digests.push(await writeRecord(repository, subject, one, registry, signal));
    registry.calls.length = 0;
    expect(await readLedger(repository, subject.digest, registry, signal)).toEqual([
      { ...entry, digest: digests[1] },
      { ...later, digest: digests[0] },
    ]);
    expect(registry.calls).toHaveLength(1);
  });

  it('is none when the image has none, or is none', async () => {
    const registry = newRegistry();
    expect(await readLedger(repository, subject.digest, registry, signal)).toEqual([]);
    expect(await readLedger(repository, digestOf(new Uint8Array(3)), registry, signal)).toEqual([]);
  });

  it('is written on one line and bounded, and is read back as it was written', async () => {
    const registry = newRegistry();
    const reason = `a\n::error::b\r\n\x1b[31mc\x1b[0m\u2028${'x'.repeat(2_000)}`;
    await writeRecord(repository, subject, { ...entry, reason, by: `a\n${'b'.repeat(500)}` }, registry, signal);
    const [record] = await readLedger(repository, subject.digest, registry, signal);
    expect(record?.reason).toBe(`a ::error::b c ${'x'.repeat(484)}…`);
    expect(record?.reason).toHaveLength(500);
    expect(record?.by).toBe(`a ${'b'.repeat(98)}…`);
  });

  it('is left out where it is malformed or of another kind, and hides no other', async () => {
    const registry = newRegistry();
    const good = annotationsOf(entry);
    seedReferrer(registry, { ...good, 'delivery.actions/event': 'owned' });
    seedReferrer(registry, { ...good, 'delivery.actions/reason': 'x'.repeat(1_000_000) });
    seedReferrer(registry, { ...good, 'delivery.actions/run': 'javascript:alert(1)' });
    seedReferrer(registry, {});
    seedReferrer(registry, good, 'application/vnd.dev.cosign.artifact.sig.v1+json');
    await writeRecord(repository, subject, entry, registry, signal);
    expect(await readLedger(repository, subject.digest, registry, signal)).toEqual([expect.objectContaining(entry)]);
  });

  it('carries no control character, line end or markup into a log or a summary', async () => {
    const registry = newRegistry();
    const hostile = `x\n## owned\n[click](http://evil.example) | <img src=x> \`\x1b]0;t\x07\x00\u202e::warning::`;
    seedReferrer(registry, {
      ...annotationsOf(entry),
      'delivery.actions/reason': hostile,
      'delivery.actions/by': hostile.slice(0, 190),
    });
    const [record] = await readLedger(repository, subject.digest, registry, signal);
    expect(`${record!.reason}${record!.by}`).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    const rows = [[record!.reason, record!.by]];
    const summary = renderSummary('x', {
      ...{ result: 'success', reason: 'Done.', outputs: {} },
      summary: [{ kind: 'table', head: ['reason', 'by'], rows }],
    });
    expect(summary.split('\n').filter((line) => line.includes('owned'))).toHaveLength(1);
    expect(summary).not.toMatch(/(?<!\\)\[click|<img/);
  });

  it('is one of the thousand newest', async () => {
    const registry = newRegistry();
    for (let at = 0; at < 1_005; at++)
      seedReferrer(registry, annotationsOf({ ...entry, at: new Date(Date.UTC(2026, 0, 1, 0, at)) }));
    const records = await readLedger(repository, subject.digest, registry, signal);
    expect(records).toHaveLength(1_000);
    expect(records[0]?.at).toEqual(new Date(Date.UTC(2026, 0, 1, 0, 5)));
  }, 20_000);
});

describe('what a run notes', () => {
  const note: Note = { event: 'tested', verdict: 'success', project: 'test', build: 1, reason: 'Healthy.' };
  let registry: FakeRegistry;
  let log: FakeLog;
  let clock: FakeClock;
  const noteIt = (given: Partial<Note> = {}, runAttempt = 1, abort: AbortSignal = signal) => {
    const context = { clock, log, signal: abort, run: { ...someRun, runAttempt } };
    return noteInLedger({ ...note, ...given }, { repository, subject, registry }, context);
  };
  const ledger = () => readLedger(repository, subject.digest, registry, signal);

  beforeEach(() => {
    registry = newRegistry();
    log = new FakeLog();
    clock = new FakeClock();
  });

  it('has who, when and in which attempt of the run', async () => {
    await noteIt();
    expect(await ledger()).toEqual([
      expect.objectContaining({ ...note, at: clock.now(), by: someRun.actor, run: entry.run }),
    ]);
    expect(log.lines).toEqual([]);
  });

  it('is written once by an attempt that does the same twice, and again by the next attempt', async () => {
    await noteIt();
    await clock.advance(60_000);
    await noteIt();
    expect(await ledger()).toHaveLength(1);
    await noteIt({}, 2);
    expect(await ledger()).toHaveLength(2);
  });

  it.each([
    ['another verdict', { verdict: 'failure' }],
    ['another project', { project: 'production' }],
    ['another event', { event: 'loaded' }],
    ['another version', { version: '1.2.3' }],
  ] as const)('is written as well for %s', async (_, given) => {
    await noteIt();
    await noteIt(given);
    expect(await ledger()).toHaveLength(2);
  });

  it('is written again when something else happened in between, so that the newest is true', async () => {
    for (const verdict of ['success', 'failure', 'success'] as const) {
      await noteIt({ verdict });
      await clock.advance(1_000);
    }
    expect((await ledger()).map(({ verdict }) => verdict)).toEqual(['success', 'failure', 'success']);
  });

  it.each([
    ['tested', 'success', 'promote-stable will not take this build while require-tested is on'],
    ['loaded', 'success', 'promote-stable will not take this build while require-tested is on'],
    ['tested', 'failure', 'An earlier good record of this build still counts'],
    ['promoted', 'success', 'The selector previous and prune-builds do not know of this promotion'],
    ['built', 'success', 'Nothing depends on it'],
  ] as const)('is a warning that says what follows when %s (%s) cannot be written', async (event, verdict, follows) => {
    registry.onCall = ({ method }) => {
      if (method === 'writeManifest')
        throw new RemoteError('registry', 'PUT was denied', { status: 403, retryable: false });
    };
    await noteIt({ event, verdict });
    const [warning = ''] = log.of('warning');
    expect(warning).toContain(`web-stream@${subject.digest} lacks that it was ${event} (${verdict}): PUT was denied. `);
    expect(warning).toContain(follows);
    expect(log.lines).toHaveLength(1);
  });

  it('shows nothing of an error that is not its own', async () => {
    registry.onCall = () => {
      throw new Error('Authorization: Basic c2VjcmV0');
    };
    await noteIt();
    expect(log.of('warning')).toEqual([expect.stringContaining('an unexpected Error was thrown')]);
    expect(log.of('warning')[0]).not.toContain('c2VjcmV0');
  });

  it('is stopped by a cancel', async () => {
    const cancel = new AbortController();
    registry.onCall = () => cancel.abort(new CancelledError('the test'));
    await expect(noteIt({}, 1, cancel.signal)).rejects.toBeInstanceOf(CancelledError);
    expect(log.lines).toEqual([]);
  });
});
