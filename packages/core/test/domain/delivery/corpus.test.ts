import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { parseTopology } from '../../../src/domain/delivery/parse.ts';
import { problemsOf } from './problems-of.ts';

/**
 * Broken files, each beside what is said about it (the same name, .txt). In `yaml` they are no YAML that is read here, in
 * `shape` the JSON Schema refuses them too, in `rules` only the parser can.
 */
const corpus = join(import.meta.dirname, 'corpus');
const root = join(import.meta.dirname, '../../../../..');
const files = (folder: string) => globSync(`${folder}/*.yaml`, { cwd: corpus }).sort();
const textOf = (file: string) => readFileSync(join(corpus, file), 'utf8');
const schema = JSON.parse(readFileSync(join(root, 'schema/delivery.schema.json'), 'utf8')) as object;
const accepts = new Ajv2020({ strict: true }).compile(schema);
const asEditorsReadIt = (text: string): unknown => parse(text, { uniqueKeys: false, stringKeys: true });

test.each(files('*'))('tells every problem of %s with line and column', (file) => {
  const told = problemsOf(() => parseTopology(textOf(file), 'delivery.yaml'));
  expect(told).toEqual(textOf(file.replace('.yaml', '.txt')).trimEnd().split('\n'));
});

test.each(files('shape'))('the JSON Schema refuses %s as well', (file) => {
  expect(accepts(asEditorsReadIt(textOf(file)))).toBe(false);
});

test.each(files('rules'))('only the parser sees what is wrong with %s', (file) => {
  expect(accepts(asEditorsReadIt(textOf(file)))).toBe(true);
});

const example = /```yaml\n(.*?)```/s.exec(readFileSync(join(root, 'docs/delivery-file.md'), 'utf8'))?.[1] ?? '';
const examples = globSync('examples/*/.github/delivery.yaml', { cwd: root }).map((file): [string, string] => [
  file,
  readFileSync(join(root, file), 'utf8'),
]);

describe.each([['the example of docs/delivery-file.md', example], ...examples])('%s', (_, text) => {
  test('is accepted by the parser', () => {
    expect(Object.keys(parseTopology(text, 'delivery.yaml').projects)).not.toEqual([]);
  });

  test('is accepted by the JSON Schema', () => {
    accepts(asEditorsReadIt(text));
    expect(accepts.errors).toBeNull();
  });
});
