import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../ground/settings.ts';
import { readState } from '../ground/state.ts';
import { pushBackupImage } from '../road/backup-image.ts';
import { OffSite } from '../road/off-site.ts';
import { StackProject, stackNamespaces } from '../road/stack-project.ts';

// The image of images/backup in the example's own CronJobs, admitted and run by a real cluster.

const state = readState();
const deploy = join(repositoryRoot, 'examples/stack/deploy');

let image: string;
let offSite: OffSite;
let test: StackProject;

interface PodSpec {
  securityContext: object;
  readonly containers: { command?: readonly string[] }[];
}

interface Job {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

/** Makes a Job as an operator does, waits for its end, and gives what it printed. */
async function runJob(
  name: string,
  cronJob: string,
  change: (pod: PodSpec) => void = () => undefined,
): Promise<string> {
  const { kubectl, namespace } = test;
  const create = [
    '-n',
    namespace,
    'create',
    'job',
    name,
    `--from=cronjob/${cronJob}`,
    '--dry-run=client',
    '-o',
    'json',
  ];
  const job = JSON.parse(await kubectl.run(create)) as Job;
  change(job.spec.template.spec);
  await kubectl.run(['-n', namespace, 'create', '-f', '-'], JSON.stringify(job));
  const ended = ['-n', namespace, 'wait', `job/${name}`, '--for=condition=complete', '--timeout=90s'];
  await kubectl.run(ended).catch(async (error: unknown) => {
    throw new Error(`job ${name}: ${await kubectl.run(['-n', namespace, 'logs', `job/${name}`])}`, { cause: error });
  });
  return kubectl.run(['-n', namespace, 'logs', `job/${name}`]);
}

beforeAll(async () => {
  image = await pushBackupImage(state);
  offSite = await OffSite.start(state, image);
  test = await StackProject.create(state, 'test', { backupImage: image, offSite: offSite.secretFor('test') });
});

afterAll(async () => {
  await test.remove();
  await offSite[Symbol.asyncDispose]();
  for (const name of ['production', 'staging'] as const) await test.kubectl.removeNamespace(stackNamespaces[name]);
});

it.each(['test', 'production', 'staging'])(
  'is admitted in %s under Pod Security restricted, without one warning',
  async (project) => {
    await test.kubectl.run([
      'apply',
      '--server-side',
      '-f',
      join(repositoryRoot, 'deploy/projects', project, 'namespace.yaml'),
    ]);
    const options = ['--server-side', '--force-conflicts', '--dry-run=server', '--warnings-as-errors'];
    const applied = await test.kubectl.run(['apply', ...options, '-k', join(deploy, 'first', project)]);
    expect(applied.includes('cronjob.batch/db-backup')).toBe(project !== 'staging');
    expect(applied.includes('cronjob.batch/db-restore')).toBe(project !== 'test');
  },
);

it('runs as a user that the image does not know, who can write nowhere but where it should', async () => {
  const script = `id -u; ssh -V 2>&1; node --version
    for folder in / /app /etc /home /offsite /var/tmp /backup /tmp; do touch "$folder/x" 2>/dev/null && echo "wrote $folder"; done
    rm /backup/x; ls /var/run/secrets 2>/dev/null; true`;
  const printed = await runJob('strange-user', 'db-backup', (pod) => {
    pod.securityContext = { ...pod.securityContext, runAsUser: 1000650000 };
    for (const container of pod.containers) container.command = ['sh', '-c', script];
  });
  expect(printed.trim().split('\n')).toEqual([
    '1000650000',
    expect.stringMatching(/^OpenSSH_/),
    expect.stringMatching(/^v18\./),
    'wrote /backup',
    'wrote /tmp',
  ]);
});

it('makes the backup that is due, on the volume and on the other server, and prints no secret', async () => {
  const printed = await runJob('first', 'db-backup');
  const made = readdirSync(join(test.backupFolder, 'hourly')).sort();
  expect(made).toEqual([
    expect.stringMatching(/^backup-.*Z-fragalysis\.sql\.zst$/),
    expect.stringMatching(/^backup-.*Z-fragalysis\.sql\.zst\.json$/),
  ]);
  expect(readdirSync(join(offSite.folder, 'test/hourly')).sort()).toEqual(made);
  for (const secret of await test.secretValues()) expect(printed).not.toContain(secret);
});
