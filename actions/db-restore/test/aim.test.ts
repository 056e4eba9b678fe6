import { findAim } from '../src/aim.ts';
import { newProject } from '@delivery/testing/new-project';
import { having, site, topologyOf } from './projects.ts';

const topology = topologyOf(...Object.values(site));
const names = (from: string, to: string, given = topology) => {
  const { from: source, target } = findAim({ from, project: to }, given);
  return [source.name, target.name];
};

describe('where a backup comes from and where it goes', () => {
  it('is production and the one project beside it, when nothing is said', () => {
    expect(names('', '')).toEqual(['production', 'staging']);
  });

  it('is what is named, its own project included', () => {
    expect(names('test', 'production')).toEqual(['test', 'production']);
    expect(names('production', 'production')).toEqual(['production', 'production']);
  });

  it('has to have a backup', () => {
    expect(() => names('ric', '')).toThrow(
      'from: project "ric" has no database.backup; those that have: test, production',
    );
    expect(() => names('prodction', '')).toThrow('did you mean "production"');
  });

  it('has to be a database that can be restored into', () => {
    expect(() => names('', 'test')).toThrow('project: project "test" has no database.restore');
  });

  it('has to be said where two are production, or none is', () => {
    const two = topologyOf(...Object.values(site), newProject('mirror', { production: true, database: having.backup }));
    expect(() => names('', '', two)).toThrow(/^from: is required: .* there are production, mirror/);
    expect(() => names('', '', topologyOf(site.test, site.staging))).toThrow(
      /^from: is required: .*there is none such; with database.backup: "test"/,
    );
  });

  it('never goes back into where it comes from without saying, also where no project is flagged as production', () => {
    const lone = topologyOf(newProject('live', { database: having.both }));
    expect(() => names('live', '', lone)).toThrow(/^project: is required: .*there is none such; .*"live"/);
    expect(names('live', 'live', lone)).toEqual(['live', 'live']);
    const two = topologyOf(newProject('live', { database: having.both }), site.staging);
    expect(names('live', '', two)).toEqual(['live', 'staging']);
  });

  it('has to be said where several can be restored into, or only production', () => {
    const two = topologyOf(...Object.values(site), newProject('trial', { database: having.restore }));
    expect(() => names('', '', two)).toThrow(/^project: is required: .* there are staging, trial/);
    expect(() => names('', '', topologyOf(site.production))).toThrow(/^project: is required/);
  });
});
