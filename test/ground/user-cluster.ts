import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GroundError, run } from './commands.ts';
import type { Page } from './settings.ts';
import { pages, runDir } from './settings.ts';
import type { GroundCluster } from './state.ts';

interface KubeconfigView {
  readonly clusters?: readonly { readonly cluster: { server: string; 'certificate-authority-data'?: string } }[];
}

/** The cluster of the user's KUBECONFIG, its current context only, as a file of its own. */
export async function findUserCluster(kubectl: string): Promise<GroundCluster> {
  const flat = ['config', 'view', '--minify', '--flatten', '--raw', '-o', 'json'];
  const text = await run(kubectl, flat).catch((cause: unknown) => {
    throw new GroundError('--use-kubeconfig: KUBECONFIG names no file with a current context', { cause });
  });
  const view = JSON.parse(text) as KubeconfigView;
  const cluster = view.clusters?.[0]?.cluster;
  if (!cluster) throw new GroundError('--use-kubeconfig: the current context of KUBECONFIG names no cluster');
  const kubeconfig = join(runDir, 'user.kubeconfig');
  writeFileSync(kubeconfig, text, { mode: 0o600 });
  await run(kubectl, ['--kubeconfig', kubeconfig, '--request-timeout=10s', 'get', '--raw', '/readyz']).catch(
    (cause: unknown) => {
      throw new GroundError(`--use-kubeconfig: the cluster at ${cluster.server} does not answer or refuses the login`, {
        cause,
      });
    },
  );
  const authority = cluster['certificate-authority-data'];
  if (authority === undefined) return { kind: 'kubeconfig', kubeconfig, server: cluster.server };
  const caPath = join(runDir, 'user-ca.crt');
  writeFileSync(caPath, Buffer.from(authority, 'base64'));
  return { kind: 'kubeconfig', kubeconfig, server: cluster.server, caPath };
}

/** The projects' pages at the first node's own address: the user's machine has to reach it. */
export async function userPages(kubectl: string, { kubeconfig }: GroundCluster): Promise<Record<Page, string>> {
  const address = '{.items[0].status.addresses[?(@.type=="InternalIP")].address}';
  const node = await run(kubectl, ['--kubeconfig', kubeconfig, 'get', 'nodes', '-o', `jsonpath=${address}`]);
  const host = node.split(' ')[0] ?? '';
  return pageUrls((page) => `${host.includes(':') ? `[${host}]` : host}:${pages[page].nodePort}`);
}

export function pageUrls(place: (page: Page) => string): Record<Page, string> {
  const url = (page: Page) => `http://${place(page)}`;
  return { test: url('test'), production: url('production'), ric: url('ric'), staging: url('staging') };
}
