import { healthOf, runsImages, sameImage } from '@delivery/core/domain/rollout/health';
import type { Workload } from '@delivery/core/domain/workload';
import { newWorkload } from '@delivery/testing/fake-cluster';

const ready: Partial<Workload> = { wanted: 3, replicas: 3, updated: 3, ready: 3, available: 3 };

it.each<[string, Partial<Workload>, string, string]>([
  ['all replicas are updated, ready and available', {}, 'healthy', '3 of 3 replicas ready'],
  ['its controller has not seen the change', { generation: 2 }, 'progressing', 'the change is not observed yet'],
  ['replicas are still to be updated', { updated: 1 }, 'progressing', '1 of 3 replicas updated'],
  ['old replicas are left', { replicas: 4 }, 'progressing', '1 old replicas are left'],
  ['not all are ready', { ready: 2 }, 'progressing', '2 of 3 replicas ready'],
  ['not all are available for long enough', { available: 2 }, 'progressing', '2 of 3 replicas available'],
  ['it is scaled to zero', { wanted: 0, replicas: 0, updated: 0, ready: 0, available: 0 }, 'stopped', 'scaled to zero'],
  ['it is on its way to zero', { wanted: 0 }, 'progressing', '3 replicas are left'],
])('when %s', (_, given, is, detail) => {
  expect(healthOf(newWorkload({ ...ready, ...given }))).toEqual({ is, detail });
});

it('does not take a StatefulSet for healthy before its new revision is the current one', () => {
  const revisions = { kind: 'StatefulSet', updateRevision: 'b', currentRevision: 'a' } as const;
  expect(healthOf(newWorkload({ ...ready, ...revisions })).is).toBe('progressing');
  expect(healthOf(newWorkload({ ...ready, ...revisions, currentRevision: 'b' })).is).toBe('healthy');
});

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  [`r.example.org/web@${digest}`, `r.example.org/web:latest@${digest}`, true],
  [`r.example.org/web@${digest}`, `r.example.org/other@${digest}`, false],
  ['r.example.org/web:latest', 'r.example.org/web:latest', true],
  ['r.example.org/web:latest', `r.example.org/web@${digest}`, false],
  ['busybox', 'busybox', true],
  ['busybox', `r.example.org/web@${digest}`, false],
])('compares %s with %s by content', (a, b, same) => {
  expect(sameImage(a, b)).toBe(same);
});

it('misses a container that is not there', () => {
  expect(runsImages(newWorkload(), { sidecar: 'registry.example.org/web:1' })).toBe(false);
});
