import type { RemoteError } from '@delivery/core/errors/errors';
import type { WorkflowRuns } from '@delivery/core/ports/workflow-runs';

/**
 * What the suite needs besides the port: a repository with the workflow `loader.yml` on `main`. It takes the inputs `request-id` and
 * `who`, waits for the event `data-uploaded` as well, and its title holds the request id of either.
 */
export interface WorkflowRunsKit {
  /** May do all that the port offers. */
  readonly runs: WorkflowRuns;
  /** Of the same repository, but its token may only read its contents. */
  readonly powerless: WorkflowRuns;
  /** Resolves once the run has ended as a success. */
  end(id: number): Promise<void>;
  close(): Promise<void>;
}

/** The behaviour of the port WorkflowRuns; runs against each implementation. */
export function workflowRunsContract(name: string, open: () => Promise<WorkflowRunsKit>): void {
  describe(`${name} keeps the contract of WorkflowRuns`, () => {
    let kit: WorkflowRunsKit;
    const { signal } = new AbortController();
    beforeEach(async () => {
      kit = await open();
    });
    afterEach(() => kit.close());

    const failure = async (call: Promise<unknown>): Promise<RemoteError> =>
      call.then(
        () => Promise.reject(new Error('it did not fail')),
        (error: unknown) => error as RemoteError,
      );
    const start = async (inputs: Record<string, string> = {}) => {
      const started = await kit.runs.startWorkflow('loader.yml', 'main', inputs, signal);
      if (!started) throw new Error('the run was not told');
      return started;
    };
    const call = (id: string) => kit.runs.sendEvent('data-uploaded', { 'request-id': id }, signal);
    const found = async (id: string) => (await kit.runs.find('repository_dispatch', id, signal)).map((run) => run.id);

    it('starts a workflow and tells its run', async () => {
      const { id, url } = await start({ who: 'ada' });
      expect(url).toMatch(new RegExp(`^https?://.*/actions/runs/${id}$`));
      expect(await kit.runs.read(id, signal)).toMatchObject({ id, url });
    });

    it('tells how a run has ended', async () => {
      const { id, url } = await start();
      await kit.end(id);
      expect(await kit.runs.read(id, signal)).toEqual({ id, url, status: 'completed', conclusion: 'success' });
    });

    it('starts by an event what can be found by the id of the call', async () => {
      await call('a1');
      const [run, ...more] = await kit.runs.find('repository_dispatch', 'a1', signal);
      expect(more).toEqual([]);
      expect(await kit.runs.read(run!.id, signal)).toMatchObject({ id: run!.id, url: run!.url });
    });

    it('finds the newest of several first, and none of another id or event', async () => {
      for (const id of ['a1', 'a1.b', 'a1-b', 'ba1', 'a1']) await call(id);
      await start({ 'request-id': 'a1' });
      const both = await found('a1');
      expect(both).toHaveLength(2);
      expect(both).toEqual(both.toSorted((a, b) => b - a));
      expect(await found('a1.b')).toHaveLength(1);
      expect(await found('b')).toEqual([]);
      expect(await kit.runs.find('workflow_dispatch', 'a1', signal)).toHaveLength(1);
    });

    it('sends an event that nothing waits for', async () => {
      await kit.runs.sendEvent('unheard-of', { 'request-id': 'a1' }, signal);
      expect(await found('a1')).toEqual([]);
    });

    it('refuses a workflow that is not there, an input that it does not take and a branch that is not there', async () => {
      const missing = await failure(kit.runs.startWorkflow('other.yml', 'main', {}, signal));
      const input = await failure(kit.runs.startWorkflow('loader.yml', 'main', { whom: 'ada' }, signal));
      const branch = await failure(kit.runs.startWorkflow('loader.yml', 'nowhere', {}, signal));
      expect([missing, input, branch].map(({ code, status, retryable }) => [code, status, retryable])).toEqual([
        ['github', 404, false],
        ['github', 422, false],
        ['github', 422, false],
      ]);
    });

    it('refuses a run that is not there', async () => {
      expect(await failure(kit.runs.read(99, signal))).toMatchObject({ code: 'github', status: 404, retryable: false });
    });

    it('names the permission that is missing', async () => {
      const refused = (permission: string) => ({
        ...{ code: 'github', status: 403, retryable: false },
        hint: expect.stringContaining(permission) as string,
      });
      const { powerless } = kit;
      const started = failure(powerless.startWorkflow('loader.yml', 'main', {}, signal));
      expect(await started).toMatchObject(refused('actions: write'));
      expect(await failure(powerless.sendEvent('data-uploaded', {}, signal))).toMatchObject(refused('contents: write'));
      const sought = failure(powerless.find('repository_dispatch', 'a1', signal));
      expect(await sought).toMatchObject(refused('actions: read'));
      expect(await failure(powerless.read(1, signal))).toMatchObject(refused('actions: read'));
    });

    it('does nothing once it was cancelled, and rejects with the reason', async () => {
      const reason = new Error('cancelled by a test');
      const aborted = AbortSignal.abort(reason);
      expect(await failure(kit.runs.sendEvent('data-uploaded', { 'request-id': 'a1' }, aborted))).toBe(reason);
      expect(await failure(kit.runs.read(1, aborted))).toBe(reason);
      expect(await found('a1')).toEqual([]);
    });
  });
}
