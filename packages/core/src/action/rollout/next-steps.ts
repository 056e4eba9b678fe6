import type { Cause } from '../../domain/rollout/cause.ts';

/** What the reader can do about a rollout that failed. */
export const nextSteps: Readonly<Record<Cause, string>> = {
  'image-pull': 'Check that the node can reach the registry and that the namespace has a pull secret for it.',
  'wrong-platform': "Build for the nodes' platform: see input platforms of build-and-tag.",
  'config-missing': 'Create what is missing in the namespace, then run it again.',
  'cannot-start': 'Check the command, user and mounts of the container against the image.',
  'crash-loop': 'Read the log below: the application ends by itself.',
  'init-failed': 'Read the log of the init container below.',
  'out-of-memory': 'Raise the memory limit of the container, or find out why it needs more now.',
  unschedulable: 'Compare requests, node selector and tolerations of the workload with the nodes.',
  quota: "Raise the namespace's quota or lower the requests; a rolling update needs room for one more pod.",
  admission: "Change the workload's pod template to what the cluster's policy demands.",
  volume: 'Check the claim and its volume in the namespace.',
  'not-ready':
    'The application runs but its probe fails: read its log below, or raise the timeout when it is only slow.',
  'workload-missing': 'Find out who deleted it, and restore it from its manifest.',
  'check-failed': 'The workloads are healthy but the page is wrong: read the logs of the application.',
  cluster: 'Check the cluster and what the account may do there.',
  timeout: 'Read the events below, or raise the timeout when the start is only slow.',
};
