import type { RemoteError } from '@delivery/core/errors/errors';
import type {
  CommitStatus,
  DeploymentState,
  DeploymentStatus,
  GitHub,
  NeutralCheck,
} from '@delivery/core/ports/github';

/** What GitHub shows of a deployment afterwards. */
export interface SeenDeployment {
  readonly id: number;
  readonly environment: string;
  readonly sha: string;
  readonly description: string;
  readonly payload: unknown;
  /** In the order they came; what was not given is left out. */
  readonly statuses: readonly DeploymentStatus[];
}

/** What the suite needs besides the port: a repository of its own with one commit. */
export interface GitHubKit {
  /** May do all that the port offers. */
  readonly github: GitHub;
  /** Of the same repository, but its token may only read. */
  readonly readOnly: GitHub;
  /** The commit, and one that comes after it, whose message is `The second` and a line below it. */
  readonly sha: string;
  readonly next: string;
  /** owner/name */
  readonly repository: string;
  deployments(): Promise<readonly SeenDeployment[]>;
  /** Completed check runs with conclusion neutral. */
  neutralChecks(): Promise<readonly NeutralCheck[]>;
  /** Of the commit, in the order they came. */
  statuses(): Promise<readonly CommitStatus[]>;
  close(): Promise<void>;
}

const unknownSha = 'f'.repeat(40);

/** The behaviour of the port GitHub; runs against each implementation. */
export function gitHubContract(name: string, open: () => Promise<GitHubKit>): void {
  describe(`${name} keeps the contract of GitHub`, () => {
    let kit: GitHubKit;
    const { signal } = new AbortController();
    beforeEach(async () => {
      kit = await open();
    });
    afterEach(() => kit.close());

    const deployment = (given: { sha?: string; description?: string } = {}) => {
      const payload = { digest: 'sha256:1', build: '412' };
      return { environment: 'test', sha: kit.sha, description: 'build 412', payload, ...given };
    };
    const status = (given: Partial<CommitStatus> = {}): CommitStatus => ({
      ...{ sha: kit.sha, context: 'data-uploaded/a1', state: 'pending', description: 'it begins' },
      targetUrl: 'https://ci.example.org/runs/1',
      ...given,
    });
    const failure = async (call: Promise<unknown>): Promise<RemoteError> =>
      call.then(
        () => Promise.reject(new Error('it did not fail')),
        (error: unknown) => error as RemoteError,
      );

    it('records a deployment of a commit with its environment, description and payload', async () => {
      const id = await kit.github.createDeployment(deployment(), signal);
      expect(await kit.deployments()).toEqual([{ id, ...deployment(), statuses: [] }]);
    });

    it('adds the statuses of a deployment in order, with their links', async () => {
      const id = await kit.github.createDeployment(deployment(), signal);
      const log = { logUrl: 'https://ci.example.org/runs/1' };
      const begun = { state: 'in_progress', description: 'rolling out', ...log } as const;
      const ended = {
        state: 'success',
        description: 'healthy',
        environmentUrl: 'https://test.example.org/',
        ...log,
      } as const;
      await kit.github.addDeploymentStatus(id, begun, signal);
      await kit.github.addDeploymentStatus(id, ended, signal);
      expect((await kit.deployments())[0]?.statuses).toEqual([begun, ended]);
    });

    it.each<DeploymentState>(['in_progress', 'success', 'failure', 'error', 'inactive'])(
      'takes the state %s',
      async (state) => {
        const id = await kit.github.createDeployment(deployment(), signal);
        await kit.github.addDeploymentStatus(id, { state, description: '' }, signal);
        expect((await kit.deployments())[0]?.statuses).toEqual([{ state, description: '' }]);
      },
    );

    it('keeps at most 140 characters of a description', async () => {
      const description = 'x'.repeat(200);
      const id = await kit.github.createDeployment(deployment({ description }), signal);
      await kit.github.addDeploymentStatus(id, { state: 'failure', description }, signal);
      const [seen] = await kit.deployments();
      const all = [seen?.description, seen?.statuses[0]?.description];
      expect(all.map((text) => [text?.length, text?.slice(0, 139)])).toEqual([1, 2].map(() => [140, 'x'.repeat(139)]));
    });

    it('records a second deployment beside the first', async () => {
      const first = await kit.github.createDeployment(deployment(), signal);
      const second = await kit.github.createDeployment(deployment(), signal);
      expect((await kit.deployments()).map(({ id }) => id).sort()).toEqual([first, second].sort());
    });

    it('creates a neutral check', async () => {
      const check = {
        name: 'launch-loader',
        sha: kit.sha,
        title: 'Unstable',
        summary: '**blocked** by a running load',
      };
      await kit.github.createNeutralCheck(check, signal);
      expect(await kit.neutralChecks()).toEqual([check]);
    });

    it.each<CommitStatus['state']>(['pending', 'success', 'failure', 'error'])(
      'sets the status of a context at a commit to %s',
      async (state) => {
        await kit.github.createStatus(status({ state }), signal);
        expect(await kit.statuses()).toEqual([status({ state })]);
      },
    );

    it('keeps at most 140 characters of what a status says', async () => {
      await kit.github.createStatus(status({ description: 'x'.repeat(200) }), signal);
      const [seen] = await kit.statuses();
      expect([seen?.description.length, seen?.description.slice(0, 139)]).toEqual([140, 'x'.repeat(139)]);
    });

    it('compares two commits, and says which way', async () => {
      const forth = await kit.github.compare(kit.repository, kit.sha, kit.next, signal);
      expect(forth).toMatchObject({ ahead: 1, behind: 0, commits: [{ sha: kit.next, subject: 'The second' }] });
      expect(URL.canParse(forth.url)).toBe(true);
      const back = await kit.github.compare(kit.repository, kit.next, kit.sha, signal);
      expect(back).toMatchObject({ ahead: 0, behind: 1, commits: [] });
      const none = await kit.github.compare(kit.repository, kit.sha, kit.sha, signal);
      expect(none).toMatchObject({ ahead: 0, behind: 0, commits: [] });
    });

    it('does not compare with what is not there, or in a repository that is not', async () => {
      const gone = { code: 'github', retryable: false };
      const errors = [
        await failure(kit.github.compare(kit.repository, kit.sha, unknownSha, signal)),
        await failure(kit.github.compare('acme/nowhere', kit.sha, kit.next, signal)),
      ];
      expect(errors).toMatchObject([gone, gone]);
    });

    it('refuses a commit that the repository does not have', async () => {
      const errors = [
        await failure(kit.github.createDeployment(deployment({ sha: unknownSha }), signal)),
        await failure(kit.github.createNeutralCheck({ name: 'a', sha: unknownSha, title: 'b', summary: 'c' }, signal)),
        await failure(kit.github.createStatus(status({ sha: unknownSha }), signal)),
      ];
      expect(errors).toMatchObject([1, 2, 3].map(() => ({ code: 'github', status: 422, retryable: false })));
      expect(await kit.deployments()).toEqual([]);
    });

    it('refuses a status of a deployment that is not there', async () => {
      const error = await failure(kit.github.addDeploymentStatus(99, { state: 'success', description: '' }, signal));
      expect(error).toMatchObject({ code: 'github', status: 404, retryable: false });
    });

    it('names the permission that is missing', async () => {
      const neutral = { name: 'a', sha: kit.sha, title: 'b', summary: 'c' };
      const refused = { code: 'github', status: 403, retryable: false };
      const missing = (permission: string) => ({ ...refused, hint: expect.stringContaining(permission) as string });
      expect(await failure(kit.readOnly.createDeployment(deployment(), signal))).toMatchObject(
        missing('deployments: write'),
      );
      expect(await failure(kit.readOnly.createNeutralCheck(neutral, signal))).toMatchObject(missing('checks: write'));
      expect(await failure(kit.readOnly.createStatus(status(), signal))).toMatchObject(missing('statuses: write'));
    });

    it('does nothing once it was cancelled, and rejects with the reason', async () => {
      const reason = new Error('cancelled by a test');
      const error = await failure(kit.github.createDeployment(deployment(), AbortSignal.abort(reason)));
      expect(error).toBe(reason);
      expect(await kit.deployments()).toEqual([]);
    });
  });
}
