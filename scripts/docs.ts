/**
 * Writes the tables of inputs and outputs of every action.yml into its README, and the roads of the example's topology into the
 * README of the repository, between markers. `--check` only compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseTopology } from '@delivery/core/domain/delivery/parse';
import { format, resolveConfig } from 'prettier';
import type { ActionMetadata } from './action-metadata.ts';
import { actionDirs, readMetadata } from './action-metadata.ts';
import { drawRoads } from './docs-roads.ts';
import { between } from './markers.ts';

const root = join(import.meta.dirname, '..');

function inputsTable({ inputs }: ActionMetadata): string {
  const rows = Object.entries(inputs).map(([name, { description, required, default: value }]) => {
    const shown = required ? '**required**' : value === undefined || value === '' ? '' : `\`${value}\``;
    return `| \`${name}\` | ${cell(description)} | ${shown} |`;
  });
  return ['| input | what it is | default |', '|---|---|---|', ...rows].join('\n');
}

function outputsTable({ outputs }: ActionMetadata): string {
  const rows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${cell(description)} |`);
  return ['| output | what it is |', '|---|---|', ...rows].join('\n');
}

function cell(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}

function fillActionReadme(dir: string, text: string, name: string): string {
  const metadata = readMetadata(dir);
  const tables = between(text, 'inputs', inputsTable(metadata), name);
  return between(tables, 'outputs', outputsTable(metadata), name);
}

const topologyFile = 'examples/stack/.github/delivery.yaml';

function fillReadme(text: string, name: string): string {
  const topology = parseTopology(readFileSync(join(root, topologyFile), 'utf8'), topologyFile);
  return between(text, 'roads', ['```mermaid', drawRoads(topology), '```'].join('\n'), name);
}

const check = process.argv.includes('--check');
const stale: string[] = [];

async function fill(file: string, filled: (text: string, name: string) => string): Promise<void> {
  const before = readFileSync(file, 'utf8');
  const name = relative(root, file);
  const after = await format(filled(before, name), { ...(await resolveConfig(file)), parser: 'markdown' });
  if (after === before) return;
  stale.push(name);
  if (!check) writeFileSync(file, after);
}

for (const dir of actionDirs(root))
  await fill(join(dir, 'README.md'), (text, name) => fillActionReadme(dir, text, name));
await fill(join(root, 'README.md'), fillReadme);
if (check && stale.length > 0) {
  console.error(`These differ from their action.yml or from ${topologyFile} (npm run docs): ${stale.join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(
    `docs: ${stale.length === 0 ? 'every README agrees with its action.yml, the roads with the topology' : `wrote ${stale.join(', ')}`}`,
  );
}
