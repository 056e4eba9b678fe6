import { readInputs } from '@delivery/core/action/inputs';
import type { Outcome } from '@delivery/core/action/outcome';
import { systemClock } from '@delivery/core/adapters/clock';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import type { Topology } from '@delivery/core/domain/topology';
import { ActionError } from '@delivery/core/errors/errors';
import type { ClusterPorts } from '@delivery/core/ports/clusters';
import { FakeLog, someRun } from '@delivery/testing/fake-step';
import * as dbBackup from '../../actions/db-backup/src/inputs.ts';
import { run as backUp } from '../../actions/db-backup/src/run.ts';
import * as dbRestore from '../../actions/db-restore/src/inputs.ts';
import { run as restore } from '../../actions/db-restore/src/run.ts';
import * as deployTest from '../../actions/deploy-test/src/inputs.ts';
import { run as deploy } from '../../actions/deploy-test/src/run.ts';
import * as detectData from '../../actions/detect-data/src/inputs.ts';
import { run as detect } from '../../actions/detect-data/src/run.ts';
import * as launchLoader from '../../actions/launch-loader/src/inputs.ts';
import { run as launch } from '../../actions/launch-loader/src/run.ts';
import * as listBuilds from '../../actions/list-builds/src/inputs.ts';
import { run as list } from '../../actions/list-builds/src/run.ts';
import * as promoteStable from '../../actions/promote-stable/src/inputs.ts';
import { run as promote } from '../../actions/promote-stable/src/run.ts';
import * as pruneBuilds from '../../actions/prune-builds/src/inputs.ts';
import { run as prune } from '../../actions/prune-builds/src/run.ts';
import type { RightsImages } from '../road/rights-images.ts';
import type { Scene } from './rights-scenes.ts';

export interface Place {
  readonly namespace: string;
  /** Of the workloads and CronJobs of its scene. */
  readonly name: string;
  readonly scene: Scene;
  readonly images: RightsImages;
  /** Whether the account lacks something, so that nothing good is waited for. */
  readonly lacking: boolean;
}

let runs = 0;

/** Where what is shown comes at the end of the time, or with `blocked` does not come. */
function limitOf({ scene, lacking }: Place): string {
  if (scene === 'blocked' && lacking) return '12s';
  return { hangs: '25s', late: '8s' }[scene as string] ?? '90s';
}

/** Runs an action with the real adapters on a scene. Everything it said, or what it threw. */
export async function tell(action: string, account: ClusterPorts, place: Place): Promise<string> {
  const first = await tellOnce(action, account, place);
  return place.scene === 'again' ? tellOnce(action, account, place) : first;
}

async function tellOnce(action: string, account: ClusterPorts, place: Place): Promise<string> {
  const log = new FakeLog();
  const { signal } = new AbortController();
  runs += 1;
  const run = { ...someRun, runId: runs };
  try {
    const outcome = await start(action, account, place, {
      log,
      clock: systemClock,
      signal,
      run,
      mask: () => undefined,
    });
    const { result, reason, outputs } = outcome;
    return JSON.stringify([result, reason, outputs, log.lines.map(({ text }) => text)]);
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return `threw ${error.code}: ${error.message}`;
  }
}

function start(
  action: string,
  { cluster, jobs, permissions }: ClusterPorts,
  place: Place,
  context: Parameters<typeof deploy>[2],
): Promise<Outcome<string>> {
  const { images, scene } = place;
  const ports = {
    ...{ topology: topologyOf(action, place), registry: images.registry(), root: undefined, gitHub: undefined },
    ...{ cluster: () => cluster, jobs: () => jobs, permissions: () => permissions, packages: () => undefined },
    web: { get: () => Promise.reject(new TypeError('there are no pages')) },
  };
  const build = images.digest('good');
  const rollout = { build, timeout: limitOf(place), 'on-failure': 'leave', force: 'true' };
  const source = (given: Readonly<Record<string, string>>) => ({
    get: (name: string) => given[name] ?? '',
    mask: () => undefined,
  });
  switch (action) {
    case 'deploy-test':
      return deploy(readInputs(deployTest.inputs, source({ ...rollout, project: 'p' })), ports, context);
    case 'promote-stable': {
      const given = { ...rollout, image: isLaunch(scene) ? 'loader' : 'web', version: '2026.01.1' };
      const read = readInputs(promoteStable.inputs, source({ ...given, 'require-tested': 'false' }));
      return promote(read, ports, context);
    }
    case 'launch-loader':
      return launch(readInputs(launchLoader.inputs, source({ build })), ports, context);
    case 'detect-data': {
      const given = { project: 'p', timeout: limitOf(place) };
      return detect(readInputs(detectData.inputs, source(given)), ports, context);
    }
    case 'db-backup':
      return backUp(readInputs(dbBackup.inputs, source({ tier: 'manual' })), ports, context);
    case 'db-restore':
      return restore(readInputs(dbRestore.inputs, source({ backup: 'list', from: 'p', project: 'p' })), ports, context);
    case 'list-builds':
      return list(readInputs(listBuilds.inputs, source({})), ports, context);
    case 'prune-builds':
      return prune(readInputs(pruneBuilds.inputs, source({})), ports, context);
    default:
      throw new TypeError(`no action ${action}`);
  }
}

export function isLaunch(scene: Scene): boolean {
  return scene === 'once' || scene === 'again' || scene === 'late';
}

function topologyOf(action: string, place: Place): Topology {
  const { namespace, name, scene, images } = place;
  const path = (repository: RightsImages['built']) => `${repository.host}/${repository.path}`;
  const retention = { workingDays: 0, atLeast: 0, keepPromoted: 1, timeZone: 'UTC' };
  const image = { repository: path(images.built), promoted: path(images.promoted), retention };
  const follows = action === 'promote-stable' ? 'stable' : 'latest';
  const kinds = { idle: ['Deployment', 'StatefulSet'], blocked: ['StatefulSet'] } as Partial<Record<Scene, string[]>>;
  const web = (kinds[scene] ?? ['Deployment']).map((kind) => ({ kind, name, container: 'web' }));
  const launched = {
    jobs: { loader: { cronJob: name, timeout: limitOf(place), succeeds: { logMatches: '^loaded' } } },
  };
  const own: Readonly<Record<string, object>> = {
    'db-backup': { database: { backup: { cronJob: name, timeout: limitOf(place) } } },
    'db-restore': { database: { backup: { cronJob: 'another' }, restore: { cronJob: name, timeout: limitOf(place) } } },
    'detect-data': { data: { cronJob: name } },
    'prune-builds': { workloads: { web }, data: { cronJob: name } },
  };
  const project = { namespace, follows, ...(own[action] ?? (isLaunch(scene) ? launched : { workloads: { web } })) };
  const text = JSON.stringify({ images: { web: image, loader: image }, projects: { p: project } });
  return parseTopology(text, 'delivery.yaml');
}
