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

describe('the rights of a rollout', () => {
  it('hold getting and patching only for the kinds that the project has', () => {
    const rights = named(rolloutRights([{ kind: 'Deployment' }]));
    expect(rights).toEqual(expect.arrayContaining(['deployments get', 'deployments patch', 'statefulsets watch']));
    expect(rights).not.toContain('statefulsets patch');
    expect(named(rolloutRights([{ kind: 'StatefulSet' }]))).toContain('statefulsets patch');
  });

  it('are more than those of one look, which only lists', () => {
    const look = lookRights([{ kind: 'Deployment' }]);
    expect(new Set(look.map(({ verb }) => verb))).toEqual(new Set(['list']));
    expect(rolloutRights([{ kind: 'Deployment' }])).toEqual(expect.arrayContaining([...look]));
  });
});

describe('the rights of a launch', () => {
  it('leave the log out where only the start is waited for, and watching Jobs where nothing is waited for before', () => {
    const start = named(launchRights({ wait: 'start', 'on-running': 'fail' }));
    for (const one of ['jobs watch', 'pods get', 'pods/log get']) expect(start).not.toContain(one);
    expect(named(launchRights({ wait: 'start', 'on-running': 'wait' }))).toContain('jobs watch');
    const whole = named(launchRights({ wait: 'completion', 'on-running': 'fail' }));
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
});
