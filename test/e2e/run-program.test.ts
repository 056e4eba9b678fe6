import { jest } from '@jest/globals';
import type { ProgramEnd, ProgramJob } from '@delivery/core/action/backup/run-program';
import { runProgram } from '@delivery/core/action/backup/run-program';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectCluster } from '@delivery/core/adapters/cluster/connect';
import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import { newProject } from '@delivery/testing/new-project';
import { backupReport, inventoryEntry } from '@delivery/testing/program-report';
import { readState } from '../ground/state.ts';
import { GroundNamespace, shellPod } from './jobs-ground.ts';

jest.setTimeout(120_000);

/** Some 700 KB, as of thousands of tables. */
const report = backupReport({
  sentence: 'verified: größer',
  inventory: Array.from({ length: 5_000 }, (_, index) => inventoryEntry({ name: `backup-${index}` })),
});

/** Says when something was shown. */
class WaitedLog extends FakeLog {
  onShown: (text: string) => void = () => undefined;

  override outside(text: string): void {
    super.outside(text);
    this.onShown(text);
  }
}

let ground: GroundNamespace;
let log: WaitedLog;
beforeEach(async () => {
  log = new WaitedLog();
  ground = await GroundNamespace.make();
  const data = { lines: `${reportLines(report).join('\n')}\n`, message: terminationMessage(report) };
  await ground.create('v1', 'ConfigMap', 'report', { data });
});
afterEach(async () => (ground as GroundNamespace | undefined)?.remove());

const jobs = () =>
  connectCluster({ env: { KUBECONFIG: readState().cluster.kubeconfig }, clock: systemClock, mask: () => {} }).jobs;

async function start(
  script: string,
  over: Partial<ProgramJob> = {},
  cancel = new AbortController(),
): Promise<ProgramEnd> {
  const { namespace } = ground;
  const volumes = [{ name: 'report', configMap: { name: 'report' } }];
  const mounts = { volumeMounts: [{ name: 'report', mountPath: '/report' }] };
  const pod = shellPod(script, { restartPolicy: 'Never', volumes }, mounts);
  await ground.createCronJob('db-backup', { spec: { backoffLimit: 0, template: { spec: pod } } });
  const project = newProject('test', { namespace, follows: 'latest' });
  const job = { project, cronJob: 'db-backup', timeoutMs: 60_000, env: {}, onRunning: 'fail', dryRun: false } as const;
  const context = { log, clock: systemClock, signal: cancel.signal, mask: () => undefined, run: someRun };
  return runProgram({ ...job, ...over }, jobs(), context);
}

const tell = 'cat /report/lines; cat /report/message > /dev/termination-log';

it('reads a long report out of the log of a real Job, and gives variables as they are', async () => {
  const asked = '$(HOSTNAME) $$ {"a": null}';
  const end = await start(`echo "asked: $ASKED"; ${tell}`, { env: { ASKED: asked } });
  expect(end).toEqual({ verdict: 'reported', report, job: expect.anything() as unknown });
  expect(log.of('outside').join('\n').trim()).toBe(`asked: ${asked}`);
});

it('believes no report without its digest', async () => {
  const end = await start('cat /report/lines');
  expect(end).toMatchObject({ verdict: 'failed', cause: 'no-report' });
});

it('leaves no Job and no pod when the run is cancelled', async () => {
  const cancel = new AbortController();
  const shown = new Promise((resolve) => (log.onShown = resolve));
  const running = start('echo begun; sleep 600', {}, cancel);
  await shown;
  cancel.abort(new Error('cancelled'));
  expect(await running).toMatchObject({
    verdict: 'cancelled',
    sentence: expect.stringContaining('is deleted') as string,
  });
  const { signal } = new AbortController();
  const view = await jobs().list(ground.namespace, signal);
  const isGone = ({ jobs: left, pods }: typeof view) => left.length + pods.length === 0;
  if (!isGone(view)) for await (const next of jobs().watch(view, {}, signal)) if (isGone(next)) break;
});
