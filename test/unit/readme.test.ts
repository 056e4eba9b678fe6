import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { actionDirs } from '../../scripts/action-metadata.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the README', () => {
  it('has a row for every action, with the way to its page', () => {
    const rows = [...readme.matchAll(/^\| \[([\w-]+)\]\(actions\/([\w-]+)\/README\.md\)/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual(actionDirs(root).map((dir) => basename(dir)));
    for (const [, name, folder] of rows) expect(folder).toBe(name);
  });

  it('says what each of the four results means', () => {
    const results = [...readme.matchAll(/^\| \S+ `(\w+)` +\|/gm)].map(([, result]) => result);
    expect(results).toEqual(['success', 'unstable', 'failure', 'skipped']);
  });

  it('is read in a few minutes', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(151);
  });
});
