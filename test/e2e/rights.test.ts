import { jest } from '@jest/globals';
import { sideBySide } from '@delivery/core/action/side-by-side';
import type { Right } from '@delivery/core/domain/rights';
import { describeRights } from '@delivery/core/domain/rights';
import { FakePermissions } from '@delivery/testing/fake-permissions';
import { readState } from '../ground/state.ts';
import { RightsImages } from '../road/rights-images.ts';
import { RightsSite } from '../road/rights-site.ts';
import { shippedActions, shippedRights } from '../road/shipped-rights.ts';
import { isLaunch, tell } from './rights-runs.ts';
import type { Scene } from './rights-scenes.ts';
import { objectsOf, shows } from './rights-scenes.ts';

// Every verb of every Role in deploy/components/access, taken away from an account of its own, on the real API server: the preflight
// names it before anything is done, and without a preflight what the verb is for is lost.

jest.setTimeout(300_000);

interface Case {
  readonly action: string;
  /** That is taken away; undefined: the whole Role. */
  readonly right: Right | undefined;
  readonly scene: Scene;
  readonly account: string;
}

/** Where it is seen what a right is for. */
function sceneOf(action: string, { resource, verb }: Right): Scene {
  if (action === 'list-builds' || action === 'prune-builds') return 'read';
  if (action === 'detect-data' && resource !== 'events') return 'look';
  const isRollout = action === 'deploy-test' || action === 'promote-stable';
  if (isRollout && !/jobs$/.test(resource) && !(resource === 'pods' && verb === 'get')) {
    if (resource === 'pods/log') return 'hangs';
    if (verb === 'delete') return 'blocked';
    return verb === 'watch' ? 'rolls' : 'idle';
  }
  if (verb === 'delete') return 'again';
  return resource === 'events' ? 'late' : 'once';
}

/** What is said when all goes well. */
const good: Readonly<Record<Scene, RegExp>> = {
  idle: /scaled to zero, which is left as it is/,
  rolls: /"verdict":"healthy"/,
  blocked: /"verdict":"healthy"/,
  hangs: /no licence file/,
  once: /^\["success"/,
  again: /^\["success".*which has ended, is removed/,
  look: /^\["success"(?!.*not removed)/,
  late: /not-there/,
  read: /builds deleted|"runs-in":\["p"\]/,
};

/** Rights whose lack is told in other words than the API server's, or in none: what they bring is not there. */
const quiet = /^detect-data events list$/;

const site = new RightsSite(readState(), `e2e-rights-${Date.now()}`);
const roles = shippedActions().map((action) => ({ action, rights: shippedRights(action) }));
const without = roles.flatMap(({ action, rights }) =>
  rights.map((right, at): Case => ({ action, right, scene: sceneOf(action, right), account: `${action}-${at}` })),
);
const whole = roles.flatMap(({ action }) => {
  const scenes = new Set(without.filter((one) => one.action === action).map(({ scene }) => scene));
  return [...scenes].map((scene): Case => ({ action, right: undefined, scene, account: `${action}-${scene}` }));
});
const named = (some: readonly Case[]) =>
  some.map((one) => [one.action, one.right ? describeRights([one.right]) : shows[one.scene], one] as const);

const refused = new Map<Case, string>();
const told = new Map<Case, string>();

beforeAll(async () => {
  const images = await RightsImages.push(readState());
  const all = [...whole, ...without];
  const rightsOf = ({ action, right }: Case) => shippedRights(action).filter((one) => !right || !isSame(one, right));
  await site.create(new Map(all.map((one) => [one.account, rightsOf(one)])));
  await site.apply(all.flatMap(({ scene, action, account }) => objectsOf(scene, action, account, images)));
  await sideBySide(all, 8, async (one) => {
    const ports = await site.connect(one.account);
    const { account: name, scene, right } = one;
    const place = { namespace: site.namespace, name, scene, images, lacking: right !== undefined };
    if (one.right && one.action !== 'list-builds') refused.set(one, await tell(one.action, ports, place));
    const permissions = one.right ? new FakePermissions() : ports.permissions;
    told.set(one, await tell(one.action, { ...ports, permissions }, place));
  });
});

afterAll(() => site.remove());

function isSame(a: Right, b: Right): boolean {
  return a.group === b.group && a.resource === b.resource && a.verb === b.verb;
}

describe('an account with the shipped Role', () => {
  it.each(named(whole))('does %s: %s', (_action, _shows, one) => {
    expect(told.get(one)).toMatch(good[one.scene]);
  });
});

describe('the preflight', () => {
  const asked = without.filter(({ action, scene, right }) => action !== 'list-builds' && isAsked(action, scene, right));

  it.each(named(asked))('of %s names exactly what is missing: %s', (_action, right, one) => {
    const said = `threw rights-missing: The account lacks rights that ${one.action} needs, and nothing was changed.`;
    // A right to objects that delivery.yaml names is told with their names: each account has a scene of its name.
    expect(refused.get(one)?.replace(` ${one.account}:`, ':')).toBe(`${said}\nnamespace ${site.namespace}: ${right}`);
  });

  /** A project that has no StatefulSet needs none of its rights, and so on: the scene decides. */
  function isAsked(action: string, scene: Scene, right: Right | undefined): boolean {
    return right !== undefined && (action !== 'promote-stable' || isLaunch(scene) || right.group !== 'batch');
  }
});

describe('without the preflight', () => {
  it.each(named(without))('%s does not do its work without %s', (_action, _right, one) => {
    const said = told.get(one) ?? '';
    const { resource = '', verb = '' } = one.right ?? {};
    expect(said).not.toMatch(good[one.scene]);
    if (!quiet.test(`${one.action} ${resource} ${verb}`))
      expect(said).toMatch(new RegExp(`${verb} ${resource} .*HTTP 403`));
  });
});
