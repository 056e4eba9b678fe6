import type { Context } from './jobs-kit.ts';
import { failure, hasStarted, startScript } from './jobs-kit.ts';

/** followLog; a part of jobsContract. */
export function logContract(context: Context): void {
  it('follows the log of a running container to its end', async () => {
    const { jobs, signal } = context();
    const lines = ['one', '', ' three  ', 'vier: ä€😀'];
    const { pod } = await startScript(context(), [{ lines, exitCode: 0 }]);
    const batches: (readonly string[])[] = [];
    const run = { pod, container: 'main', restarts: 0 };
    expect(await jobs.followLog(run, (batch) => batches.push(batch), signal)).toBe('complete');
    expect(batches.flat()).toEqual(lines);
    expect(batches.length).toBeGreaterThan(1);
    const again: string[] = [];
    expect(await jobs.followLog(run, (batch) => again.push(...batch), signal)).toBe('complete');
    expect(again).toEqual(lines);
  });

  it('follows each run of a container that is started again, and none beyond its end', async () => {
    const { jobs, signal } = context();
    const runs = [
      { lines: ['first 1', 'first 2', 'first 3'], exitCode: 3 },
      { lines: ['second 1', 'second 2'], exitCode: 0 },
    ];
    const { pod, views } = await startScript(context(), runs);
    const [first, second]: [string[], string[]] = [[], []];
    const ends = await Promise.all([
      jobs.followLog({ pod, container: 'main', restarts: 0 }, (lines) => first.push(...lines), signal),
      views
        .until((view) => hasStarted(view.pods[0]?.containers[0], 1))
        .then(({ pods }) =>
          jobs.followLog({ pod: pods[0]!, container: 'main', restarts: 1 }, (lines) => second.push(...lines), signal),
        ),
    ]);
    expect(ends).toEqual(['complete', 'complete']);
    expect(first).toEqual(runs[0]?.lines);
    expect(second).toEqual(runs[1]?.lines);
    // No later reading of the first run: once the second has ended, the node removes the first with its log whenever it likes.
  });

  it('waits for a container that has not started, until the pod is gone', async () => {
    const { kit, jobs, namespace, signal } = context();
    await kit.createPod('pod-1', { 'job-name': 'x' });
    const { pods } = await jobs.list(namespace, signal);
    const lines: string[] = [];
    const end = jobs.followLog(
      { pod: pods[0]!, container: 'main', restarts: 0 },
      (batch) => lines.push(...batch),
      signal,
    );
    await kit.deletePod('pod-1');
    expect(await end).toBe('gone');
    expect(lines).toEqual([]);
  });

  it('ends the log with the reason of the signal', async () => {
    const { kit, jobs, namespace, signal, stop } = context();
    await kit.createPod('pod-1', { 'job-name': 'x' });
    const { pods } = await jobs.list(namespace, signal);
    const end = failure(jobs.followLog({ pod: pods[0]!, container: 'main', restarts: 0 }, () => {}, signal));
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await end).toBe(reason);
  });
}
