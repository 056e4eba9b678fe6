import { directory, Stage } from './stage.ts';

const root = { root: '/fragalysis/django_data' };
const older = directory('2026-09-01T08');
const newer = directory('2026-09-15T16');

function stageWith(given: Partial<Pick<Stage, 'found' | 'hasData'>> & { built?: string } = {}): Stage {
  const stage = new Stage();
  stage.built(given.built);
  return Object.assign(stage, { found: given.found ?? [older, newer], hasData: given.hasData ?? false });
}

const failure = (running: Promise<unknown>) => running.catch((caught: unknown) => caught);

describe('new data', () => {
  it('is the newest complete directory that the image has not been built for', async () => {
    const outcome = await stageWith({ built: older.name }).start(root);
    expect(outcome).toMatchObject({
      result: 'success',
      reason: '2026-09-15T16 is new: the image has 2026-09-01T08.',
      outputs: { 'data-origin': '2026-09-15T16', new: true, 'request-id': '' },
    });
  });

  it('is everything for an image without a label, and for one that was never built', async () => {
    expect((await stageWith().start(root)).outputs).toMatchObject({ 'data-origin': newer.name, new: true });
    const never = Object.assign(new Stage(), { found: [older] });
    expect((await never.start(root)).outputs).toMatchObject({ 'data-origin': older.name, new: true });
  });

  it('is none when the image has it already: skipped, which is no error', async () => {
    const outcome = await stageWith({ built: newer.name }).start(root);
    expect(outcome).toMatchObject({ result: 'skipped', outputs: { 'data-origin': newer.name, new: false } });
    expect(outcome.reason).toBe('No new data: the image has 2026-09-15T16 already.');
  });

  it('is what the image has already when it is forced, by input or by call', async () => {
    const stage = stageWith({ built: newer.name });
    expect(await stage.start({ ...root, force: 'true' })).toMatchObject({ result: 'success', outputs: { new: true } });
    const called = await stage.start({ ...root, payload: '{"force": true, "request-id": "a1"}' });
    expect(called.outputs).toEqual({ result: 'success', 'data-origin': newer.name, new: true, 'request-id': 'a1' });
    const both = await stage.start({ ...root, force: 'true', payload: '{}' });
    expect(both.outputs).toMatchObject({ 'data-origin': newer.name, new: true });
  });

  it('is the directory that is asked for, by input or by call', async () => {
    const stage = stageWith({ built: newer.name });
    const byInput = await stage.start({ ...root, 'data-origin': older.name });
    const byCall = await stage.start({ ...root, payload: `{"data-origin": "${older.name}"}` });
    for (const { outputs } of [byInput, byCall])
      expect(outputs).toMatchObject({ 'data-origin': older.name, new: true });
  });

  it('is refused by name without a TARGET_LIST, and the caller can still be answered', async () => {
    const stage = stageWith({ found: [older, directory('2026-09-16T09', { targetList: 'missing' })] });
    const outcome = await stage.start({ ...root, payload: '{"request-id": "a1"}' });
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: '2026-09-16T09 says READY, but has no TARGET_LIST.',
      outputs: { result: 'failure', 'data-origin': '2026-09-16T09', new: false, 'request-id': 'a1' },
    });
  });

  it('is refused when what was called for is not there', async () => {
    const outcome = await stageWith().start({ ...root, payload: '{"data-origin":"2026-10-01T00","request-id":"a1"}' });
    expect(outcome).toMatchObject({ result: 'failure', outputs: { 'request-id': 'a1', new: false } });
  });

  it('is not taken for none where there was some before and there is nothing at all now', async () => {
    const outcome = await stageWith({ built: newer.name, found: [] }).start(root);
    expect(outcome).toMatchObject({ result: 'failure', reason: expect.stringContaining('mounted') as string });
    expect(await stageWith({ found: [] }).start(root)).toMatchObject({ result: 'skipped' });
  });

  it('cannot be told when something else is broken, and the caller can still be answered', async () => {
    const outcome = await stageWith().start({ payload: '{"request-id": "a1"}' });
    expect(outcome).toMatchObject({
      result: 'failure',
      reason: expect.stringContaining('project test has no data in delivery.yaml') as string,
      outputs: { 'data-origin': '', new: false, 'request-id': 'a1' },
    });
  });

  it('is shown beside what was passed over', async () => {
    const found = [
      newer,
      directory('2026-09-16T09', { ready: 'missing' }),
      directory('2026-09-17T09', { type: 'link' }),
    ];
    const { summary } = await stageWith({ found }).start(root);
    expect(summary).toEqual([
      {
        kind: 'table',
        head: ['Directory', 'What is seen of it', ''],
        rows: [
          [{ code: '2026-09-17T09' }, 'is a link, which is not followed', ''],
          [{ code: '2026-09-16T09' }, 'has no READY: it is still being uploaded', ''],
          [{ code: '2026-09-15T16' }, 'is complete', 'this one'],
        ],
      },
    ]);
  });

  it('is looked for among ten thousand without a page of thousands of rows', async () => {
    const found = [...Array(10_000).keys()].map((day) =>
      directory(new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(0, 13)),
    );
    const { summary, outputs } = await stageWith({ found }).start(root);
    expect(outputs['data-origin']).toBe('2027-05-18T00');
    expect(summary[0]).toMatchObject({ kind: 'table' });
    expect(summary[0]?.kind === 'table' && summary[0].rows).toHaveLength(20);
  });
});

describe('where it is looked for', () => {
  it('is the root, and no cluster is asked, when the runner sees it', async () => {
    const stage = stageWith({ hasData: true });
    await stage.start(root);
    expect([stage.rootLooks, stage.connected]).toEqual([1, []]);
  });

  it.each([{}, root])("is the project's cluster when the root is not given or not readable: %j", async (given) => {
    const stage = Object.assign(stageWith({ hasData: true }), { found: undefined });
    stage.printing(['2026-09-15T16 directory file 26', 'end 1']);
    expect((await stage.start(given)).outputs).toMatchObject({ 'data-origin': newer.name, new: true });
    expect(stage.connected).toEqual(['here']);
  });

  it('is to be said when there is neither', async () => {
    const stage = stageWith();
    const error = await failure(stage.start());
    expect(error).toMatchObject({
      code: 'input',
      message:
        'root: is not given, and project test has no data in delivery.yaml: give a directory that the runner sees, or projects.test.data.cronJob',
    });
    const unreadable = await failure(Object.assign(stageWith(), { found: undefined }).start(root));
    expect(unreadable).toMatchObject({
      message: expect.stringContaining('is no directory that this runner') as string,
    });
  });
});

describe('what is given', () => {
  it.each([
    [{ 'data-origin': '2026-09-31T10' }, 'data-origin: "2026-09-31T10" is not the name of a data directory'],
    [{ 'data-origin': '../etc' }, 'is not the name of a data directory'],
    [{ root: 'data' }, 'root: "data" is not an absolute path'],
    [{ root: '/data\0' }, 'is not an absolute path'],
    [{ payload: '{}', 'data-origin': '2026-09-15T16' }, 'payload: is given together with data-origin'],
    [{ 'registry-username': 'ada' }, 'registry-username: and registry-password'],
    [{ image: 'lodaer' }, 'did you mean "loader"?'],
    [{ project: 'tset' }, 'did you mean "test"?'],
  ])('%j is refused: %s', async (given: Record<string, string>, message) => {
    const error = await failure(stageWith().start(given));
    expect(error).toMatchObject({ code: 'input', message: expect.stringContaining(message) as string });
  });
});
