import { digestOf } from '@delivery/core/domain/digest';
import { pick } from '@delivery/core/action/catalogue-pick';
import { parsePromotionSelector } from '@delivery/core/domain/build-selector';
import { promoted, repository, Stage } from './catalogue-stage.ts';

let stage: Stage;
beforeEach(async () => {
  stage = new Stage();
  stage.push(3, 5, 8, 9);
  await stage.promote(3, '2026.07.1');
  await stage.promote(5, '2026.08.1');
});

async function picked(text: string, limit = 2): Promise<number | undefined> {
  return (await pick(parsePromotionSelector(text)!, await stage.read(limit))).number;
}

describe('picking a build', () => {
  it.each([
    ['latest', 9],
    ['9', 9],
    ['latest-8', 8],
    ['-1', 8],
    ['-2', 5],
    ['-3', 3],
    ['3', 3],
    ['2026.08.1', 5],
    ['2026.07.1', 3],
    ['previous', 3],
  ])('finds %s, also beyond what was read', async (text, number) => {
    expect(await picked(text, 2)).toBe(number);
    expect(await picked(text, 1)).toBe(number);
  });

  it('finds a digest in either repository', async () => {
    stage.registry.seedImage(promoted, 'kept', stage.fixture(2));
    for (const number of [2, 3, 9]) expect(await picked(stage.fixture(number).manifest.digest, 1)).toBe(number);
  });

  it('goes back to what was stable before, by the newest promotion, a rollback being one', async () => {
    const previous = stage.registry.digestOf(promoted, 'stable');
    stage.registry.seedImage(promoted, 'stable', stage.fixture(3));
    await stage.note(3, { event: 'rolled-back', previous }, promoted);
    expect(await picked('previous')).toBe(5);
  });

  it('asks nothing more for what was read', async () => {
    const catalogue = await stage.read(4);
    const before = stage.requests;
    for (const text of ['latest', '8', '-3', '2026.07.1', 'previous'])
      await pick(parsePromotionSelector(text)!, catalogue);
    expect(stage.requests).toBe(before);
  });

  it.each([
    ['7', 'registry.example.org/dev/web-stream has no latest-7'],
    ['-4', 'registry.example.org/dev/web-stream has 4 builds'],
    ['2026.9.1', 'no build was promoted under that version'],
    [digestOf(new Uint8Array(1)), 'no repository of the image has that digest'],
  ])('says of %s that it is not there, and what could be had instead', async (text, why) => {
    await expect(picked(text)).rejects.toMatchObject({
      code: 'build-missing',
      message: `There is no build ${text} of web to be had: ${why}`,
      hint: 'The newest of the 4 builds there: 9, 8, 5, 3. The newest of the 2 versions: 2026.08.1, 2026.07.1. stable is 5.',
    });
  });

  it('says under which version a build is kept that was pruned', async () => {
    await stage.registry.remove(repository, 'latest-3', new AbortController().signal);
    await expect(picked('3')).rejects.toMatchObject({
      message: expect.stringContaining('has no latest-3, but it is kept as version 2026.07.1'),
    });
  });

  it.each([
    ['there is no stable', async () => (stage = new Stage()), 'nothing is stable yet'],
    [
      'no promotion is noted',
      async () => {
        stage = new Stage();
        await stage.promote(1, '1.0.0', false);
      },
      'the ledger does not say what was stable before',
    ],
    [
      'it is deleted',
      async () => {
        stage = new Stage();
        await stage
          .note(1, { event: 'promoted', previous: digestOf(new Uint8Array(1)) }, promoted)
          .catch(() => undefined);
        await stage.promote(1, '1.0.0');
        await stage.note(1, { event: 'promoted', previous: digestOf(new Uint8Array(1)) }, promoted);
      },
      /^There .* the registry has no more what was stable before, [0-9a-f]{12}$/,
    ],
  ])('knows no previous when %s', async (_, prepare, why) => {
    await prepare();
    const message = typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why);
    await expect(picked('previous')).rejects.toMatchObject({ code: 'build-missing', message });
  });

  it('says that there is nothing yet', async () => {
    stage = new Stage();
    const nothing = { code: 'build-missing', hint: 'There is no build yet: build one first.' };
    for (const text of ['latest', '1', '-1', '1.2.3', 'previous'])
      await expect(picked(text)).rejects.toMatchObject(nothing);
  });
});
