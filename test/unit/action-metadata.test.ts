import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { actionDirs, readMetadata } from '../../scripts/action-metadata.ts';

const root = join(import.meta.dirname, '..', '..');

interface ActionInputs {
  readonly inputs: Readonly<Record<string, { read(text: string): { value: unknown } | { problem: string } }>>;
  readonly outputs: readonly string[];
}

describe.each(actionDirs(root).map((dir) => ({ name: basename(dir), dir })))('$name', ({ name, dir }) => {
  const metadata = readMetadata(dir);
  const readme = readFileSync(join(dir, 'README.md'), 'utf8');
  const load = async () => (await import(join(dir, 'src/inputs.ts'))) as ActionInputs;

  it('declares in action.yml exactly the inputs that its code reads', async () => {
    expect(Object.keys(metadata.inputs).sort()).toEqual(Object.keys((await load()).inputs).sort());
  });

  it('declares in action.yml exactly the outputs that its code writes', async () => {
    expect(Object.keys(metadata.outputs).sort()).toEqual([...(await load()).outputs].sort());
  });

  it('gives by default what its code takes when nothing is given', async () => {
    const { inputs } = await load();
    for (const [input, { default: value, required }] of Object.entries(metadata.inputs)) {
      if (required || value === undefined || value.includes('${{')) continue;
      expect([input, inputs[input]?.read(value)]).toEqual([input, inputs[input]?.read('')]);
    }
  });

  it('refuses an absent input exactly where action.yml requires it', async () => {
    const { inputs } = await load();
    for (const [input, { required }] of Object.entries(metadata.inputs)) {
      expect([input, 'problem' in (inputs[input]?.read('') ?? {})]).toEqual([input, required === true]);
    }
  });

  it('runs on the Node version of the repository, from its entry in dist', () => {
    const version = readFileSync(join(root, '.node-version'), 'utf8').split('.')[0];
    expect(metadata.runs).toEqual({ using: `node${version}`, main: `../../dist/${name}/index.js` });
  });

  it('is in the suite that dist is built from', () => {
    const entry = new RegExp(`^  '?${name}'?: \\(\\) => import\\('\\./${name}/src/main\\.ts'\\),$`, 'm');
    expect(readFileSync(join(root, 'actions/suite.ts'), 'utf8')).toMatch(entry);
  });

  it('names every input and output in its README', () => {
    for (const field of [...Object.keys(metadata.inputs), ...Object.keys(metadata.outputs)]) {
      expect(readme).toMatch(new RegExp(`^\\| \`${field}\` +\\|`, 'm'));
    }
  });
});
