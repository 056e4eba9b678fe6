import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { clusterDir, clusterFiles, pkiDir } from './cluster-files.ts';
import { run, until } from './commands.ts';
import type { Namespaces } from './namespaces.ts';
import { explain } from './namespaces.ts';
import { authenticationFile, startIssuer, tokensPass } from './oidc.ts';
import { network, ports, runDir } from './settings.ts';
import type { GroundCluster } from './state.ts';
import type { Tools } from './tools.ts';

const inner = 'https://127.0.0.1:6443';
const server = `https://127.0.0.1:${ports.api}`;

const pki = (name: string) => join(pkiDir, name);

export const embeddedCluster: GroundCluster = {
  kind: 'embedded',
  kubeconfig: pki('host.kubeconfig'),
  server,
  caPath: pki('ca.crt'),
};

/** containerd, which runs the containers of pods and of docker; ready when it holds the image of the pods' sandboxes. */
export async function startContainerd(namespaces: Namespaces, pauseLayout: string): Promise<void> {
  namespaces.start({ name: 'containerd', command: 'containerd', args: ['--config', clusterFiles.containerd] });
  const ctr = (...args: string[]) => namespaces.run('ctr', ['--namespace', 'k8s.io', ...args]);
  await until('containerd answers', 20_000, () =>
    ctr('version').then(
      () => true,
      () => false,
    ),
  ).catch(explain('containerd'));
  const archive = join(runDir, 'pause.tar');
  await run('tar', ['-C', pauseLayout, '-cf', archive, '.']);
  await ctr('images', 'import', archive);
}

/** Starts the control plane and the node; ready when the node is. */
export async function startCluster(namespaces: Namespaces, tools: Tools): Promise<void> {
  await run(tools.kube, ['pki', pkiDir, inner, network.node, '127.0.0.1', network.nodeIp, network.apiServiceIp]);
  const kubeconfig = readFileSync(pki('admin.kubeconfig'), 'utf8').replaceAll(inner, server);
  writeFileSync(embeddedCluster.kubeconfig, kubeconfig, { mode: 0o600 });
  const start = (name: string, options: Options) => {
    namespaces.start({ name, command: tools.kube, args: [name, ...flags(options)] });
  };
  start('etcd', etcd);
  // Before the API server, which fetches its keys at once or ten seconds later.
  await startIssuer(namespaces);
  start('kube-apiserver', apiServer);
  await until('the API server is ready', 60_000, apiReady).catch(explain('kube-apiserver'));
  start('kube-controller-manager', { ...withKubeconfig('controller-manager'), ...controllerManager });
  start('kube-scheduler', withKubeconfig('scheduler'));
  start('kubelet', kubelet);
  start('kube-proxy', { config: clusterFiles.proxy, 'hostname-override': network.node });
  namespaces.start({ name: 'coredns', command: tools.coredns, args: ['-conf', clusterFiles.dns] });
  await until('tokens of the issuer pass', 30_000, () => tokensPass(pki('ca.crt'))).catch(explain('kube-apiserver'));
  await until('the node is ready', 60_000, () => nodeReady(tools.kubectl)).catch(explain('kubelet'));
}

/** True when the API server of the embedded cluster says that it is ready. */
export function apiReady(): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { ca: readFileSync(pki('ca.crt')), timeout: 3000, agent: false };
    const request = get(`${server}/readyz`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false)).on('timeout', () => request.destroy());
  });
}

/** Pods can be made when the node is ready and the default service account is there. */
async function nodeReady(kubectl: string): Promise<boolean> {
  const ask = (...args: string[]) =>
    run(kubectl, ['--kubeconfig', embeddedCluster.kubeconfig, ...args]).catch(() => '');
  const condition = '{.status.conditions[?(@.type=="Ready")].status}';
  const ready = await ask('get', 'node', network.node, '-o', `jsonpath=${condition}`);
  return ready === 'True' && (await ask('get', 'serviceaccount', 'default', '-o', 'name')) !== '';
}

type Options = Readonly<Record<string, string | true>>;

function flags(options: Options): string[] {
  return Object.entries(options).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
}

function withKubeconfig(name: string): Options {
  const kubeconfig = pki(`${name}.kubeconfig`);
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
    profiling: 'false',
  };
}

const etcd: Options = {
  name: 'ground',
  'data-dir': join(clusterDir, 'etcd'),
  'listen-client-urls': 'http://127.0.0.1:2379',
  'advertise-client-urls': 'http://127.0.0.1:2379',
  'listen-peer-urls': 'http://127.0.0.1:2380',
  'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
  'initial-cluster': 'ground=http://127.0.0.1:2380',
  'unsafe-no-fsync': true,
  'log-level': 'warn',
};

const apiServer: Options = {
  'etcd-servers': 'http://127.0.0.1:2379',
  'bind-address': '0.0.0.0',
  'secure-port': '6443',
  'advertise-address': network.nodeIp,
  'client-ca-file': pki('ca.crt'),
  'tls-cert-file': pki('apiserver.crt'),
  'tls-private-key-file': pki('apiserver.key'),
  'service-account-issuer': 'https://kubernetes.default.svc',
  'service-account-key-file': pki('sa.pub'),
  'service-account-signing-key-file': pki('sa.key'),
  'service-cluster-ip-range': network.services,
  'authentication-config': authenticationFile,
  'authorization-mode': 'Node,RBAC',
  'enable-admission-plugins': 'NodeRestriction',
  'allow-privileged': 'true',
  'kubelet-client-certificate': pki('kubelet-client.crt'),
  'kubelet-client-key': pki('kubelet-client.key'),
  'kubelet-certificate-authority': pki('ca.crt'),
  'kubelet-preferred-address-types': 'InternalIP',
  'requestheader-client-ca-file': pki('ca.crt'),
  'requestheader-allowed-names': 'front-proxy',
  'requestheader-username-headers': 'X-Remote-User',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  'proxy-client-cert-file': pki('front-proxy.crt'),
  'proxy-client-key-file': pki('front-proxy.key'),
  profiling: 'false',
};

const controllerManager: Options = {
  'service-account-private-key-file': pki('sa.key'),
  'root-ca-file': pki('ca.crt'),
  'use-service-account-credentials': true,
  'service-cluster-ip-range': network.services,
  // The defaults spare a large cluster; here they only make namespaces and volumes slow.
  'kube-api-qps': '500',
  'kube-api-burst': '1000',
  'pvclaimbinder-sync-period': '1s',
  'namespace-sync-period': '1m',
};

const kubelet: Options = {
  config: clusterFiles.kubelet,
  kubeconfig: pki('kubelet.kubeconfig'),
  'hostname-override': network.node,
  'node-ip': network.nodeIp,
  'root-dir': join(clusterDir, 'kubelet'),
  v: '1',
};
