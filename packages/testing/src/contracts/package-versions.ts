import type { Digest } from '@delivery/core/domain/digest';
import type { RemoteError } from '@delivery/core/errors/errors';
import type { PackageVersion, PackageVersions } from '@delivery/core/ports/package-versions';
import type { FakeClock } from '../fake-clock.ts';
import type { RateLimits } from '../rate-limits.ts';

/** What the suite needs besides the port: a package that others push to, and limits that a test may reach. */
export interface PackageVersionsKit {
  /** May do all that the port offers. */
  readonly packages: PackageVersions;
  /** The same package, its token may only read. */
  readonly powerless: PackageVersions;
  readonly limits: RateLimits;
  /** Of both sides. */
  readonly clock: FakeClock;
  /** Gives the version's id. */
  push(digest: Digest, tags: readonly string[], downloads?: number): number;
  close(): Promise<void>;
}

/** Limits that the kit has to be opened with. */
export const contractLimits = { perHour: 12, pointsPerMinute: 30 };

/** The behaviour of the port PackageVersions; runs against each implementation. */
export function packageVersionsContract(name: string, open: () => Promise<PackageVersionsKit>): void {
  describe(`${name} keeps the contract of PackageVersions`, () => {
    let kit: PackageVersionsKit;
    const { signal } = new AbortController();
    beforeEach(async () => {
      kit = await open();
    });
    afterEach(() => kit.close());

    const digest = (number: number): Digest => `sha256:${String(number).padStart(64, '0')}`;
    const failure = async (call: Promise<unknown>): Promise<RemoteError> =>
      call.then(
        () => Promise.reject(new Error('it did not fail')),
        (error: unknown) => error as RemoteError,
      );
    const listed = async (): Promise<readonly PackageVersion[]> => (await kit.packages.listPage(1, signal)).versions;

    it('lists versions with their digests and tags, the untagged ones too', async () => {
      const first = kit.push(digest(1), ['latest-1', 'latest']);
      const second = kit.push(digest(2), []);
      expect(await kit.packages.listPage(1, signal)).toEqual({
        versions: expect.arrayContaining([
          { id: first, digest: digest(1), tags: ['latest-1', 'latest'] },
          { id: second, digest: digest(2), tags: [] },
        ]) as PackageVersion[],
        isLast: true,
      });
    });

    it('lists 100 on a page and says which is the last', async () => {
      for (let number = 1; number <= 200; number += 1) kit.push(digest(number), [`latest-${number}`]);
      const pages = [await kit.packages.listPage(1, signal), await kit.packages.listPage(2, signal)];
      expect(pages.map(({ versions, isLast }) => [versions.length, isLast])).toEqual([
        [100, false],
        [100, true],
      ]);
      expect(new Set(pages.flatMap(({ versions }) => versions.map((version) => version.digest))).size).toBe(200);
      expect(kit.limits.requests).toBe(2);
    });

    it('deletes a version, and says when there is none', async () => {
      kit.push(digest(1), ['latest']);
      const id = kit.push(digest(2), ['latest-2']);
      expect(await listed()).toHaveLength(2);
      expect(await kit.packages.remove(id, signal)).toBe('removed');
      expect(await kit.packages.remove(id, signal)).toBe('absent');
      expect((await listed()).map((version) => version.digest)).toEqual([digest(1)]);
    });

    it("passes on GitHub's refusal of one version", async () => {
      const [last, popular] = [kit.push(digest(1), ['latest']), kit.push(digest(2), [], 5001)];
      await listed();
      const refusals = [
        await failure(kit.packages.remove(last, signal)),
        await failure(kit.packages.remove(popular, signal)),
      ];
      expect(refusals.map(({ code, status, retryable, message }) => [code, status, retryable, message])).toEqual([
        ['github', 400, false, expect.stringContaining('last tagged version')],
        ['github', 403, false, expect.stringContaining('5000 downloads')],
      ]);
      expect(await listed()).toHaveLength(2);
    });

    it('names the permission that is missing', async () => {
      const id = kit.push(digest(1), []);
      await kit.powerless.listPage(1, signal);
      const error = await failure(kit.powerless.remove(id, signal));
      expect(error).toMatchObject({ code: 'github', status: 403, retryable: false });
      expect(error.hint).toContain('packages: write');
    });

    it('says how long to wait once the hour is used up, and sends nothing before', async () => {
      kit.push(digest(1), ['latest']);
      for (let at = 0; at < contractLimits.perHour; at += 1) await listed();
      await kit.clock.advance(60_000);
      const error = await failure(listed());
      expect(error).toMatchObject({ code: 'github', retryable: true });
      expect(error.retryAfterMs).toBeGreaterThan(58 * 60_000);
      expect(error.retryAfterMs).toBeLessThanOrEqual(59 * 60_000 + 1000);
      expect(kit.limits.refusals).toBe(0);
      await kit.clock.advance(error.retryAfterMs!);
      expect(await listed()).toHaveLength(1);
    });

    it('says how long to wait after a secondary limit, and sends nothing before', async () => {
      kit.push(digest(1), ['latest']);
      const ids = Array.from({ length: 6 }, (_, at) => kit.push(digest(at + 2), []));
      await listed();
      for (const id of ids.slice(0, 5)) expect(await kit.packages.remove(id, signal)).toBe('removed');
      for (let again = 0; again < 3; again += 1)
        expect(await failure(kit.packages.remove(ids[5]!, signal))).toMatchObject({
          retryable: true,
          retryAfterMs: 60_000,
        });
      expect(kit.limits.refusals).toBe(1);
      await kit.clock.advance(60_000);
      expect(await kit.packages.remove(ids[5]!, signal)).toBe('removed');
    });

    it('does nothing once it was cancelled, and rejects with the reason', async () => {
      const id = kit.push(digest(1), []);
      const reason = new Error('cancelled by a test');
      const aborted = AbortSignal.abort(reason);
      expect(await failure(kit.packages.listPage(1, aborted))).toBe(reason);
      expect(await failure(kit.packages.remove(id, aborted))).toBe(reason);
      expect(await listed()).toHaveLength(1);
    });
  });
}
