import { RemoteError } from '@delivery/core/errors/errors';
import { writeRecord } from '@delivery/core/action/ledger';
import { backupMadeAt } from '@delivery/testing/backup-made';
import { endProgram, runOf } from '@delivery/testing/program-run';
import { ledgerEntry } from '@delivery/testing/ledger-entry';
import { built, promoted } from './projects.ts';
import { august, Stage } from './stage.ts';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.isBackedUp = true;
});

const summaryOf = (outcome: { readonly summary: readonly object[] }) => JSON.stringify(outcome.summary);
const asked = { version: august, 'backup-first': 'true' } as const;
const back = { build: { kind: 'previous' } } as const;

describe('a promotion that was killed', () => {
  it('while its backup ran goes on with that one when it is run again', async () => {
    const { after } = await stage.released();
    const { runId } = stage;
    stage.backs = () => 'runs';
    void stage.start(asked).catch(() => undefined);
    await stage.clock.advance(10_000);
    stage.runId = runId;
    stage.runAttempt = 2;
    const again = stage.start(asked);
    await stage.clock.advance(10_000);
    expect(stage.backups()).toHaveLength(1);
    // Nobody listens to the first run any more; here it would promote as well.
    const listed = stage.jobs.job('production', 'db-backup')!;
    endProgram(stage.jobs, listed, runOf(backupMadeAt(stage.clock.now())), 'loader');
    expect(await stage.clock.passUntil(again, 600_000)).toMatchObject({ result: 'success' });
    expect(stage.stable()).toBe(after);
  });

  it('after its backup and before anything was written makes another one: the database has lived on', async () => {
    const { before, after } = await stage.released();
    const { runId } = stage;
    stage.registry.onCall = ({ method }) => {
      if (/write|copy/.test(method)) throw new RemoteError('registry', 'killed', { retryable: false });
    };
    await stage.run(asked).catch(() => undefined);
    expect(stage.stable()).toBe(before);
    stage.registry.onCall = () => undefined;
    stage.runId = runId;
    stage.runAttempt = 2;
    await stage.clock.advance(60_000);
    expect(await stage.run(asked)).toMatchObject({ result: 'success' });
    expect(stage.backups()).toHaveLength(2);
    expect((await stage.ledger(after)).filter(({ event }) => event === 'backed-up')).toHaveLength(1);
  });
});

describe('a rollback', () => {
  it('makes a backup by itself, and names the one from before the present stable', async () => {
    await stage.released();
    const first = await stage.run(asked);
    await stage.clock.advance(3_600_000);
    const outcome = await stage.run(back);
    expect(outcome).toMatchObject({ result: 'success', outputs: { direction: 'rollback' } });
    expect(stage.backups()).toHaveLength(2);
    const { production: earlier } = first.outputs.backups as Record<string, string>;
    expect(summaryOf(outcome)).toContain(
      `Before latest-268 became stable, production was backed up as ${earlier}: only a restore of that brings its database back`,
    );
    expect(outcome.outputs.backups).not.toEqual(first.outputs.backups);
  });

  it('makes none when that is turned off, or when there is none to be had', async () => {
    await stage.released();
    await stage.run({ version: august });
    await stage.run({ ...back, 'dry-run': true, 'backup-first': 'false' });
    expect(await stage.run({ ...back, 'backup-first': 'false' })).toMatchObject({ result: 'success' });
    expect(stage.backups()).toEqual([]);
    await stage.run({ version: august });
    stage.isBackedUp = false;
    expect(await stage.run(back)).toMatchObject({ result: 'success' });
  });

  it('names no backup that was made after the present stable had come', async () => {
    const { after } = await stage.released();
    await stage.run({ version: august });
    await stage.run(asked);
    expect(stage.backups()).toEqual(['production']);
    expect((await stage.ledger(after)).filter(({ event }) => event === 'backed-up')).toEqual([]);
    expect(summaryOf(await stage.run(back))).not.toContain('Before latest-268 became stable');
  });

  it('does not believe backups that the repository of builds tells of', async () => {
    const { after } = await stage.released();
    await stage.run({ version: august });
    const { signal } = new AbortController();
    const manifest = (await stage.registry.readManifest(built, 'latest-268', signal))!;
    const reason = 'backup-2026-09-15T14:05:00Z-forged.sql.zst';
    const entry = ledgerEntry({ event: 'backed-up', at: stage.clock.now(), project: 'production', reason });
    await writeRecord(built, manifest, entry, stage.registry, signal);
    expect(summaryOf(await stage.run(back))).not.toContain('forged');
    expect((await stage.ledger(after)).filter(({ event }) => event === 'backed-up')).toEqual([]);
    expect(stage.registry.digestOf(promoted, 'stable')).not.toBe(after);
  });
});
