import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Ports on 127.0.0.1, the same on the host and inside the ground: one image reference is good everywhere. */
export const ports = { api: 16443, basic: 15000, bearer: 15001, token: 15002, oidc: 15003 } as const;

/** The page of each project: a NodePort of the cluster, and where the host sees it on 127.0.0.1. */
export const pages = {
  test: { nodePort: 30080, port: 15080 },
  production: { nodePort: 30081, port: 15081 },
  ric: { nodePort: 30082, port: 15082 },
  staging: { nodePort: 30083, port: 15083 },
} as const;

export type Page = keyof typeof pages;

/** Addresses inside the ground's own network namespace; nothing outside sees them. */
export const network = {
  node: 'node1',
  nodeIp: '10.213.0.1',
  pods: '10.244.0.0/24',
  services: '10.96.0.0/24',
  apiServiceIp: '10.96.0.1',
  dockerBridge: '10.215.0.1/24',
} as const;

export const versions = { buildx: 'v0.38.2', act: '0.2.89', debian: 'bookworm' } as const;

const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

/** What was built once. */
export const cacheDir = join(cacheHome, 'fragalysis-actions', 'ground');

/** What one `up` has made; `down` removes it. */
export const runDir = join(cacheDir, 'run');

/** All cgroups of pods and builds are below this one; it is of this run directory alone. */
export const cgroup = `delivery-ground-${createHash('sha256').update(runDir).digest('hex').slice(0, 6)}`;

/** Set for every process of the ground, so that `down` finds them all and never another's. */
export const marker = { name: 'DELIVERY_GROUND_RUN', value: runDir } as const;

export const logDir = join(runDir, 'log');
export const dockerSocket = join(runDir, 'docker.sock');

/** The root of the repository. */
export const repositoryRoot = join(import.meta.dirname, '..', '..');
