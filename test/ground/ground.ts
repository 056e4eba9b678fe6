import { existsSync } from 'node:fs';
import { configureBuilders, dockerAnswers, dockerReady, registryLogins, startDocker } from './builders.ts';
import { writeClusterFiles } from './cluster-files.ts';
import { apiReady, embeddedCluster, startCluster, startContainerd } from './cluster.ts';
import { GroundError } from './commands.ts';
import { checkPortsFree } from './host-ports.ts';
import type { Layouts } from './images.ts';
import { baseImages, buildImages } from './images.ts';
import { endOtherUp, otherUp, takeLock } from './lock.ts';
import { endProcesses, Namespaces, ownProcesses, removeFiles } from './namespaces.ts';
import { installMissing } from './packages.ts';
import { elapsed, step } from './progress.ts';
import { groundOidc, issuerAnswers } from './oidc.ts';
import { planRegistries, pushBaseImages, registriesReady, startRegistries, statusOf } from './registries.ts';
import { cacheDir, dockerSocket, logDir, network, pages, ports, runDir } from './settings.ts';
import type { GroundState } from './state.ts';
import { findState, stateFile, writeState } from './state.ts';
import type { Tools } from './tools.ts';
import { buildTools } from './tools.ts';
import { findUserCluster, pageUrls, userPages } from './user-cluster.ts';

/** Which cluster the ground has. */
export type ClusterKind = GroundState['cluster']['kind'];

/** Brings the ground up; says so and does nothing when it is up. */
export async function up(kind: ClusterKind): Promise<void> {
  const other = otherUp();
  if (other !== undefined) throw new GroundError(`the ground is being brought up by process ${other} already`);
  const state = findState();
  if (state?.cluster.kind === kind && (await brokenParts(state)).length === 0) {
    console.log(`the ground is already up (${elapsed()}); its coordinates: ${stateFile}`);
    return;
  }
  if (existsSync(runDir)) await removeAll();
  takeLock();
  try {
    await bringUp(kind);
  } catch (error) {
    console.error('the ground did not come up; `npm run ground -- down` removes what is there');
    throw error;
  }
}

async function bringUp(kind: ClusterKind): Promise<void> {
  await checkPortsFree();
  await step('Debian packages', installMissing);
  const tools = await buildTools();
  const layouts = await buildImages(tools.pause);
  const registries = planRegistries();
  const hosts = [registries.basic.host, registries.bearer.host];
  const environment = configureBuilders([registries.basic, registries.bearer], tools.buildx);
  const userCluster = kind === 'kubeconfig' ? await findUserCluster(tools.kubectl) : undefined;

  const namespaces = await step('namespaces', () => openNamespaces(tools, kind, hosts));
  await Promise.all([
    step('registries, base images in them', () => fillRegistries(registries, namespaces, layouts)),
    step('containerd, dockerd', async () => {
      await startContainerd(namespaces, layouts.pause);
      startDocker(namespaces);
      await dockerReady(environment);
    }),
    ...(userCluster ? [] : [step('Kubernetes', () => startCluster(namespaces, tools))]),
  ]);
  writeState({
    cluster: userCluster ?? embeddedCluster,
    ...(!userCluster && { oidc: groundOidc }),
    registries,
    images: baseImages,
    pages: userCluster
      ? await userPages(tools.kubectl, userCluster)
      : pageUrls((page) => `127.0.0.1:${pages[page].port}`),
    docker: { host: `unix://${dockerSocket}`, configDir: environment['DOCKER_CONFIG'] ?? '' },
    registryLogins,
    programs: { act: tools.act, buildx: tools.buildx, kubectl: tools.kubectl },
    environment,
    directories: { run: runDir, logs: logDir, cache: cacheDir },
  });
  console.log(`the ground is up (${elapsed()}); its coordinates: ${stateFile}`);
}

/** The namespaces, with the ports of the host's loopback that lead into them. */
async function openNamespaces(tools: Tools, kind: ClusterKind, hosts: readonly string[]): Promise<Namespaces> {
  const namespaces = await Namespaces.create();
  writeClusterFiles(hosts);
  const same = (port: number) => ({ port, to: `127.0.0.1:${port}` });
  const cluster = [
    { port: ports.api, to: '127.0.0.1:6443' },
    same(ports.oidc),
    ...Object.values(pages).map(({ port, nodePort }) => ({ port, to: `${network.nodeIp}:${nodePort}` })),
  ];
  const routes = [ports.basic, ports.bearer, ports.token].map(same);
  namespaces.forward(tools.kube, kind === 'embedded' ? [...routes, ...cluster] : routes);
  return namespaces;
}

async function fillRegistries(
  registries: GroundState['registries'],
  namespaces: Namespaces,
  layouts: Layouts,
): Promise<void> {
  await startRegistries(registries, namespaces);
  await registriesReady(registries);
  const hosts = [registries.basic.host, registries.bearer.host];
  await Promise.all(hosts.map((host) => pushBaseImages(layouts, host, registryLogins)));
}

/** Removes everything that `up` made, finished or not, but for the cache. */
export async function down(): Promise<void> {
  await endOtherUp();
  if (!existsSync(runDir) && ownProcesses().length === 0) {
    console.log('the ground is down');
    return;
  }
  await removeAll();
  console.log(`the ground is down (${elapsed()})`);
}

async function removeAll(): Promise<void> {
  await step('end processes, restore the kernel', endProcesses);
  await step('remove files', removeFiles);
}

/** Says what is up; true when all of it is. */
export async function status(): Promise<boolean> {
  const other = otherUp();
  const state = findState();
  if (other !== undefined) console.log(`the ground is being brought up by process ${other}`);
  else if (!state)
    console.log(existsSync(runDir) ? 'the ground came up in part only: `down` cleans up' : 'the ground is down');
  if (other !== undefined || !state) return false;
  const broken = await brokenParts(state);
  console.log(`cluster (${state.cluster.kind}): ${state.cluster.server}, KUBECONFIG=${state.cluster.kubeconfig}`);
  for (const [name, { host, username }] of Object.entries(state.registries)) {
    console.log(`registry (${name}): ${host}, user ${username}`);
  }
  console.log(`docker: ${state.docker.host}`);
  console.log(`coordinates, passwords included: ${stateFile}`);
  console.log(broken.length === 0 ? 'the ground is up' : `does not answer: ${broken.join(', ')}`);
  return broken.length === 0;
}

/** The parts of a ground that do not answer as they should. */
async function brokenParts({ cluster, oidc, registries, environment }: GroundState): Promise<string[]> {
  const asks = async (host: string) => (await statusOf(`http://${host}/v2/`)) === 401;
  const token = async () => (await statusOf(registries.bearer.tokenUrl)) === 200;
  const answers = {
    cluster: cluster.kind === 'kubeconfig' || apiReady(),
    'registry with basic auth': asks(registries.basic.host),
    'registry with tokens': asks(registries.bearer.host),
    'token service': token(),
    'OIDC issuer': !oidc || issuerAnswers(),
    docker: dockerAnswers(environment),
  };
  const checked = await Promise.all(Object.entries(answers).map(async ([name, good]) => ((await good) ? [] : [name])));
  return checked.flat();
}
