import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pauseImage } from './images.ts';
import { cgroup, network, runDir } from './settings.ts';

export const clusterDir = join(runDir, 'cluster');
export const pkiDir = join(clusterDir, 'pki');

export const clusterFiles = {
  containerd: join(clusterDir, 'containerd.toml'),
  kubelet: join(clusterDir, 'kubelet.json'),
  proxy: join(clusterDir, 'proxy.json'),
  dns: join(clusterDir, 'Corefile'),
} as const;

const cniDir = join(clusterDir, 'cni');
const resolvConf = join(clusterDir, 'resolv.conf');
const certsDir = join(clusterDir, 'certs.d');

/** Writes what the node's daemons read, and where its images come from: registries by plain HTTP. */
export function writeClusterFiles(registryHosts: readonly string[]): void {
  mkdirSync(cniDir, { recursive: true, mode: 0o700 });
  for (const host of registryHosts) {
    mkdirSync(join(certsDir, host), { recursive: true });
    const table = `server = "http://${host}"\n[host."http://${host}"]\n  capabilities = ["pull", "resolve"]\n`;
    writeFileSync(join(certsDir, host, 'hosts.toml'), table);
  }
  writeFileSync(clusterFiles.containerd, containerdToml);
  writeFileSync(clusterFiles.dns, corefile);
  writeFileSync(resolvConf, `nameserver ${network.nodeIp}\n`);
  writeFileSync(join(cniDir, '10-pods.conflist'), JSON.stringify(podNetwork));
  // JSON is YAML.
  writeFileSync(clusterFiles.kubelet, JSON.stringify(kubelet));
  writeFileSync(clusterFiles.proxy, JSON.stringify(proxy));
}

const cri = 'io.containerd.grpc.v1.cri';
const containerdToml = `version = 2
root = "${join(runDir, 'containerd')}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."${cri}"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE runc may not lower it
  [plugins."${cri}".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cniDir}"
  [plugins."${cri}".registry]
    config_path = "${certsDir}"
  [plugins."${cri}".containerd]
    snapshotter = "overlayfs"
    [plugins."${cri}".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."${cri}".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

const podNetwork = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: network.pods }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

// Names outside the cluster do not exist: nothing in it may depend on the internet.
const corefile = `cluster.local:53 in-addr.arpa:53 {
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(pkiDir, 'admin.kubeconfig')}
  }
  cache 2
}
.:53 {
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: join(pkiDir, 'ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: join(pkiDir, 'kubelet.crt'),
  tlsPrivateKeyFile: join(pkiDir, 'kubelet.key'),
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${cgroup}`,
  failCgroupV1: false,
  failSwapOn: false,
  oomScoreAdj: 0,
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  clusterDNS: [network.nodeIp],
  clusterDomain: 'cluster.local',
  resolvConf,
  podLogsDir: '/var/log/pods',
  volumePluginDir: join(clusterDir, 'volume-plugins'),
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  serializeImagePulls: false,
  syncFrequency: '10s',
  nodeStatusUpdateFrequency: '5s',
};

const proxy = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  clientConnection: { kubeconfig: join(pkiDir, 'proxy.kubeconfig') },
  mode: 'nftables',
  oomScoreAdj: 0,
  clusterCIDR: network.pods,
  bindAddress: network.nodeIp,
  healthzBindAddress: '127.0.0.1:10256',
  metricsBindAddress: '127.0.0.1:10249',
  nftables: { minSyncPeriod: '1s', syncPeriod: '30s' },
  // 0: leave the host's connection tracking as it is.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
};
