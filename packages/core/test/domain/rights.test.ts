import type { Right } from '../../src/domain/rights.ts';
import {
  describeRights,
  distinctRights,
  launchRights,
  lookRights,
  podLogs,
  pods,
  rightsTo,
  rolloutRights,
} from '../../src/domain/rights.ts';

const named = (rights: readonly Right[]) => rights.map(({ resource, verb }) => `${resource} ${verb}`);

const web = { kind: 'Deployment', name: 'web' } as const;
const real = { 'dry-run': false };

describe('the rights of a rollout', () => {
  it('hold getting and patching only for the kinds that the project has', () => {
    const rights = named(rolloutRights([web], real));
    expect(rights).toEqual(expect.arrayContaining(['deployments get', 'deployments patch', 'statefulsets watch']));
    expect(rights).not.toContain('statefulsets patch');
    expect(named(rolloutRights([{ ...web, kind: 'StatefulSet' }], real))).toContain('statefulsets patch');
  });

  it('are more than those of one look, which only lists', () => {
    const look = lookRights([{ kind: 'Deployment' }]);
    expect(new Set(look.map(({ verb }) => verb))).toEqual(new Set(['list']));
    expect(rolloutRights([web], real)).toEqual(expect.arrayContaining([...look]));
  });

  it('are in a dry run those of a look and of setting, with the names of what is set', () => {
    const set = (['get', 'patch'] as const).map((verb) => ({
      group: 'apps',
      resource: 'deployments',
      verb,
      names: ['web'],
    }));
    expect(rolloutRights([web], { 'dry-run': true })).toEqual([...lookRights([web]), ...set]);
  });
});

describe('the rights of a launch', () => {
  it('leave the log out where only the start is waited for, and watching Jobs where nothing is waited for before', () => {
    const start = named(launchRights(['loader'], { wait: 'start', 'on-running': 'fail' }));
    for (const one of ['jobs watch', 'pods get', 'pods/log get']) expect(start).not.toContain(one);
    expect(named(launchRights(['loader'], { wait: 'start', 'on-running': 'wait' }))).toContain('jobs watch');
    const whole = named(launchRights(['loader'], { wait: 'completion', 'on-running': 'fail' }));
    expect(whole).toEqual(expect.arrayContaining([...start, 'jobs watch', 'pods get', 'pods/log get']));
  });
});

describe('rights', () => {
  const some = [...rightsTo(podLogs, 'get'), ...rightsTo(pods, 'list', 'get', 'list')];

  it('are each there once, in a fixed order', () => {
    expect(named(distinctRights(some))).toEqual(['pods get', 'pods list', 'pods/log get']);
  });

  it('are told by resource, with its group where it has one', () => {
    const told = describeRights([...some, { group: 'apps', resource: 'deployments', verb: 'patch' }]);
    expect(told).toBe('pods: get, list; pods/log: get; deployments (apps): patch');
  });

  it('of named objects are joined and told with the names, unless they are needed of all', () => {
    const patches = (...names: readonly string[]): Right => ({
      group: 'apps',
      resource: 'deployments',
      verb: 'patch',
      names,
    });
    const both = [patches('web'), patches('beat', 'web')];
    expect(distinctRights(both)).toEqual([patches('beat', 'web')]);
    expect(describeRights([...both, ...some])).toContain('; deployments (apps) beat, web: patch');
    expect(describeRights([...both, ...rightsTo({ group: 'apps', resource: 'deployments' }, 'patch')])).toBe(
      'deployments (apps): patch',
    );
  });
});
