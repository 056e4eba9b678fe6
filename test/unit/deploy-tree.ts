import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const deploy = join(import.meta.dirname, '../../deploy');

/** Those of deploy/projects. */
export const projectNames = readdirSync(join(deploy, 'projects')).sort();

export interface Kustomization {
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly { readonly path?: string; readonly patch?: string }[];
}

/**
 * All that the kustomization of a folder is made of: resources and patches of it, and of the components and folders that it names. What is
 * rendered is seen on the ground (test/e2e/overlays.test.ts); this needs no kubectl.
 */
export function partsOf(folder: string): unknown[] {
  const { resources = [], components = [], patches = [] } = read(join(folder, 'kustomization.yaml')) as Kustomization;
  const found = [...resources, ...components].map((name) => join(folder, name));
  return [
    ...found.flatMap((path) => (statSync(path).isDirectory() ? partsOf(path) : documents(path))),
    ...patches.map(
      ({ path, patch }) => (path === undefined ? parse(patch ?? '') : read(join(folder, path))) as unknown,
    ),
  ];
}

export const partsOfProject = (name: string): unknown[] => partsOf(join(deploy, 'projects', name));

export const read = (path: string): unknown => parse(readFileSync(path, 'utf8')) as unknown;

export const documents = (path: string): unknown[] =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as unknown);

/** Every object anywhere in there, itself included. */
export function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inside : [value as Record<string, unknown>, ...inside];
}

/** The lines of its secrets.txt that are no comments; none when there is no such file. */
export function listedSecrets(project: string): string[][] {
  const file = join(deploy, 'projects', project, 'secrets.txt');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' '));
}
