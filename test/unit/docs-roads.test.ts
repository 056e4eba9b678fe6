import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { drawRoads } from '../../scripts/docs-roads.ts';

const draw = (text: string) =>
  drawRoads(parseTopology(text, 'delivery.yaml'))
    .split('\n')
    .map((line) => line.trim());

const web = `
images:
  web: { repository: registry.example.org/a/web, promoted: registry.example.org/b/web, build: {} }
projects:
  test:
    namespace: team-dev
    follows: latest
    workloads: { web: [{ kind: Deployment, name: web, container: web }] }
`;

describe('the roads of a topology', () => {
  it('lead from a push to the project that follows latest', () => {
    expect(draw(web)).toEqual([
      'flowchart LR',
      'push([a push]) --> image_web["image web<br/>latest-N, latest"]',
      'image_web -- rollout --> project_test',
      'project_test("TEST<br/>team-dev")',
    ]);
  });

  it('lead from the form to all that follow stable', () => {
    const stable = (name: string) => `
  ${name}: { namespace: team-${name}, follows: stable, workloads: { web: [{ kind: Deployment, name: web, container: web }] } }`;
    const lines = draw(`${web}${stable('production')}${stable('end-users')}`);
    expect(lines).toContain('form([the form, a call]) --> stable_web["web, the same digest<br/>stable, version"]');
    expect(lines).toContain('stable_web -- rollout --> project_production & project_end_users');
    expect(lines).toContain('project_end_users("END-USERS<br/>team-end-users")');
  });

  it('lead from new data to a Job in every project that has one', () => {
    const lines = draw(`
images:
  loader: { repository: registry.example.org/a/loader, build: {} }
projects:
  test: { namespace: dev, follows: latest, jobs: { loader: { cronJob: loader } }, data: { cronJob: look } }
  ric: { namespace: ric, follows: stable, jobs: { loader: { cronJob: loader } } }
`);
    expect(lines).toContain('data([new data, a call]) --> image_loader');
    expect(lines).toContain('image_loader -- Job --> project_test & project_ric');
  });

  it('lead from the backups of production to where a restore is tried, and to nothing else', () => {
    const lines = draw(`${web}
  production: { namespace: prod, follows: stable, production: true, database: { backup: {} } }
  staging: { namespace: stag, follows: stable, database: { restore: {} } }
  unused: { namespace: unused, follows: stable }
`);
    expect(lines).toContain('project_production -. backup .-> project_staging');
    expect(lines.join('\n')).not.toContain('UNUSED');
  });
});
