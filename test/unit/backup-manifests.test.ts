import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tiers } from '@delivery/core/domain/backup/tiers';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { parse } from 'yaml';

// What Kubernetes makes of them is seen in test/e2e/backup-image.test.ts; this is what a site relies on when it reads them.

const deploy = join(import.meta.dirname, '../../deploy');
const read = (...path: readonly string[]): unknown => parse(readFileSync(join(deploy, ...path), 'utf8'));

interface CronJob {
  readonly spec: {
    readonly suspend: boolean;
    readonly schedule: string;
    readonly timeZone: string;
    readonly concurrencyPolicy: string;
    readonly jobTemplate: {
      readonly spec: {
        readonly backoffLimit: number;
        readonly activeDeadlineSeconds: number;
        readonly ttlSecondsAfterFinished: number;
        readonly template: { readonly spec: PodSpec };
      };
    };
  };
}

interface PodSpec {
  readonly restartPolicy: string;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly containers: readonly {
    readonly image: string;
    readonly securityContext: object;
    readonly env: readonly Variable[];
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: object;
    readonly secret?: object;
  }[];
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: true };
  };
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

interface Kustomization {
  readonly components?: readonly string[];
  readonly patches?: readonly { readonly patch: string }[];
}

const backup = read('components/db-backup/db-backup.yaml') as CronJob;
const restore = read('components/db-restore/db-restore.yaml') as CronJob;
const jobOf = ({ spec }: CronJob) => spec.jobTemplate.spec;
const podOf = (cronJob: CronJob) => jobOf(cronJob).template.spec;
const variablesOf = (cronJob: CronJob) => podOf(cronJob).containers[0]!.env;

describe.each([
  ['db-backup', backup],
  ['db-restore', restore],
])('the CronJob %s', (_, cronJob) => {
  it('is suspended: only what is asked for runs', () => {
    expect(cronJob.spec).toMatchObject({ suspend: true, timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
  });

  it('never runs a second time by itself, nor for ever, and does not pile up', () => {
    expect(jobOf(cronJob)).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 86400 });
    expect(jobOf(cronJob).activeDeadlineSeconds).toBeGreaterThan(0);
    expect(podOf(cronJob).restartPolicy).toBe('Never');
  });

  it('has no token of a service account, no user and no group that OpenShift would have to allow', () => {
    expect(podOf(cronJob).automountServiceAccountToken).toBe(false);
    expect(JSON.stringify(cronJob)).not.toMatch(/runAsUser|runAsGroup|fsGroup|supplementalGroups|serviceAccount"/);
  });

  it('is as Pod Security `restricted` wants it, with a root file system that is only read', () => {
    expect(podOf(cronJob).securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const { containers, volumes } = podOf(cronJob);
    expect(containers.map(({ securityContext }) => securityContext)).toEqual([
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ]);
    expect(volumes.every((volume) => !('hostPath' in volume))).toBe(true);
  });

  it('has no password but by reference to a secret', () => {
    const given = variablesOf(cronJob).filter(({ value }) => value !== undefined);
    expect(given.map(({ name }) => name)).not.toContain('MSPASS');
    expect(variablesOf(cronJob).find(({ name }) => name === 'MSPASS')?.valueFrom?.secretKeyRef).toEqual({
      name: 'fs-mysql-secrets',
      key: 'database-root-password',
    });
  });
});

it('runs every hour when the schedule is the cluster’s own, with what delivery.yaml says', () => {
  expect(backup.spec.schedule).toBe('5 * * * *');
  const { patches = [] } = read('components/db-schedule/kustomization.yaml') as Kustomization;
  const [suspension, ...others] = patches.flatMap(({ patch }) => parse(patch) as readonly Operation[]);
  expect(suspension).toEqual({ op: 'replace', path: '/spec/suspend', value: false });
  expect(new Set(others.map(({ op, path }) => `${op} ${path}`))).toEqual(
    new Set(['add /spec/jobTemplate/spec/template/spec/containers/0/env/-']),
  );
  const delivery = readFileSync(join(deploy, '../examples/stack/.github/delivery.yaml'), 'utf8');
  const { projects } = parseTopology(delivery, 'delivery.yaml');
  const { keep, maxAgeMs, maxShrink, offSite } = projects['production']!.database!.backup!;
  expect(others.map(({ value }) => value)).toEqual([
    { name: 'BACKUP_KEEP', value: tiers.map((tier) => `${tier}=${keep[tier]}`).join(',') },
    { name: 'BACKUP_MAX_AGE', value: String(maxAgeMs / 1000) },
    { name: 'BACKUP_MAX_SHRINK', value: String(maxShrink) },
    { name: 'BACKUP_OFFSITE', value: offSite ? 'required' : 'none' },
  ]);
});

it('removes nothing in a Job that is made by hand: how many are kept is not said in the template', () => {
  expect(variablesOf(backup).map(({ name }) => name)).not.toContain('BACKUP_KEEP');
});

it('sends nothing anywhere while there is no fs-backup-secrets', () => {
  const offSite = variablesOf(backup).filter(({ name }) => name.startsWith('RSYNC_'));
  expect(offSite.map(({ name }) => name)).toEqual([
    'RSYNC_HOST',
    'RSYNC_PORT',
    'RSYNC_USER',
    'RSYNC_PATH',
    'RSYNC_TRANSPORT',
    'RSYNC_PRUNE',
  ]);
  for (const { valueFrom } of offSite)
    expect(valueFrom?.secretKeyRef).toMatchObject({ name: 'fs-backup-secrets', optional: true });
  expect(podOf(backup).volumes.find(({ name }) => name === 'offsite')?.secret).toMatchObject({ optional: true });
});

it('restores from what it cannot write, and lists when nobody says what to restore', () => {
  expect(podOf(restore).volumes.find(({ name }) => name === 'production')?.persistentVolumeClaim).toEqual({
    claimName: 'fs-production-backup-claim',
    readOnly: true,
  });
  const sources = podOf(restore).containers[0]!.volumeMounts.filter(({ name }) => name === 'production');
  expect(sources).toEqual([{ name: 'production', mountPath: '/sources/production', readOnly: true }]);
  expect(variablesOf(restore)).toContainEqual({ name: 'RESTORE_BACKUP', value: 'list' });
});

it.each([
  ['test', ['db-backup']],
  ['development', []],
  ['production', ['db-backup', 'db-restore']],
  ['staging', ['db-restore']],
  ['ric', []],
])('%s has %j of the components', (project, components) => {
  const { components: found = [] } = read('projects', project, 'kustomization.yaml') as Kustomization;
  const names = found.map((path) => path.replace('../../components/', ''));
  expect(names.filter((name) => ['db-backup', 'db-restore'].includes(name))).toEqual(components);
});
