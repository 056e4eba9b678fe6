import { reportLines, terminationMessage } from '@delivery/core/domain/backup/report-lines';
import type { ProgramReport } from '@delivery/core/domain/backup/report';
import { backupMadeAt } from '@delivery/testing/backup-made';
import { listReport } from '@delivery/testing/restore-report';
import { inventoryEntry } from '@delivery/testing/program-report';
import type { Build, RightsImages } from '../road/rights-images.ts';

/** What there is for an action to work on. */
export type Scene = 'idle' | 'rolls' | 'blocked' | 'hangs' | 'once' | 'again' | 'look' | 'late' | 'read';

/** Why a scene is needed: what the right is for that it shows. */
export const shows: Readonly<Record<Scene, string>> = {
  idle: 'a Deployment and a StatefulSet at zero get the new image',
  rolls: 'a Deployment is replaced, and watched until it is healthy',
  blocked: 'a broken old pod keeps its StatefulSet from the new image, and is deleted',
  hangs: 'a build is never ready, and the last lines of its log are shown',
  once: 'a Job is made, followed and judged by its log',
  again: 'a second Job takes the place of the first, which has ended',
  look: 'a Job lists the data, its log is read, and it is removed',
  late: 'a Job that cannot start is given up, and the events tell why',
  read: 'what runs is read',
};

/** The objects of a scene, under a name of their own. */
export function objectsOf(scene: Scene, action: string, name: string, images: RightsImages): readonly object[] {
  switch (scene) {
    case 'idle':
      return [workload('Deployment', name, 0, 'old', images), workload('StatefulSet', name, 0, 'old', images)];
    case 'rolls':
      return [workload('Deployment', name, 1, 'old', images)];
    case 'hangs':
      return [workload('Deployment', name, 1, 'old', images, { readinessProbe: { tcpSocket: { port: 9999 } } })];
    case 'blocked':
      return [workload('StatefulSet', name, 1, 'old', images, { image: `${images.built.host}/rights/built:none` })];
    case 'read':
      return [workload('Deployment', name, 0, 'old', images), cronJob(name, 'exit 0', images)];
    case 'look':
      return [cronJob(name, 'echo 2026-09-15T16 directory file 20; echo end 1', images)];
    case 'late':
      return [cronJob(name, 'exit 0', images, missing, { volumeMounts: [{ name: 'it', mountPath: '/it' }] })];
    case 'once':
    case 'again':
      return [cronJob(name, scriptOf(action), images)];
  }
}

function workload(
  kind: string,
  name: string,
  replicas: number,
  build: Build,
  images: RightsImages,
  rest: object = {},
): object {
  const labels = { app: `${name}-${kind.toLowerCase()}` };
  const container = { name: 'web', image: images.reference(build), ...rest };
  const spec = { ...pod, containers: [container] };
  return {
    ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
    spec: {
      ...{ replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      ...(kind === 'StatefulSet' && { serviceName: name }),
    },
  };
}

const pod = { terminationGracePeriodSeconds: 0, imagePullSecrets: [{ name: 'logins' }] };

const missing = { volumes: [{ name: 'it', configMap: { name: 'not-there' } }] };

function cronJob(name: string, script: string, images: RightsImages, rest: object = {}, container = {}): object {
  const main = { name: 'main', image: images.reference('old'), command: ['sh', '-c', script], ...container };
  const template = { spec: { ...pod, restartPolicy: 'Never', containers: [main], ...rest } };
  return {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name } },
    spec: { suspend: true, schedule: '0 0 1 1 *', jobTemplate: { spec: { backoffLimit: 0, template } } },
  };
}

const reports: Readonly<Record<string, ProgramReport>> = {
  'db-backup': backupMadeAt(new Date()),
  'db-restore': listReport([inventoryEntry()]),
};

/** What says that it has worked: a line of a loader, or the report of the program of docs/backups.md. */
function scriptOf(action: string): string {
  const report = reports[action];
  if (!report) return 'echo loaded: 3 targets';
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const lines = reportLines(report).map((line) => `printf '%s\\n' ${quoted(line)}`);
  return `${lines.join('; ')}; printf %s ${quoted(terminationMessage(report))} > /dev/termination-log`;
}
