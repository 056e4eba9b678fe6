import type { SourceMapInput } from '@jridgewell/remapping';
import remapping from '@jridgewell/remapping';
import type { SourceMapSegment } from '@jridgewell/sourcemap-codec';
import { encode } from '@jridgewell/sourcemap-codec';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Marks the repository's own sources in a map; nothing else begins with it. */
const own = '/own/';

/**
 * Follows a minified chunk's map back to the TypeScript of this repository (minifier, ncc, tsc) and leaves out what other
 * packages wrote: their maps would be larger than all of dist. Undefined when nothing of the chunk is ours.
 */
export function ownSourceMap(minified: string, chunk: string, root: string): string | undefined {
  const load = (file: string): SourceMapInput | null => {
    if (file === 'chunk.js') return JSON.parse(readFileSync(`${chunk}.map`, 'utf8')) as SourceMapInput;
    // ncc writes `../` before the path from the folder it was started in.
    const path = resolve(root, file.replace(/^(\.\.\/)+/, ''));
    return compiledHere(path, root) ? mapOfCompiled(path, root) : null;
  };
  const { sources, names, mappings } = remapping(minified, load, { decodedMappings: true, excludeContent: true });
  const kept = sources.map((source) => source?.startsWith(own) ?? false);
  if (!kept.includes(true)) return undefined;
  const lines = (mappings as SourceMapSegment[][]).map((line) => line.map((segment) => keep(segment, kept)));
  const used = new Set(lines.flat().map((segment) => segment[4]));
  return JSON.stringify({
    version: 3,
    sources: sources.map((source, index) => (kept[index] ? (source ?? '').slice(own.length) : '')),
    names: names.map((name, index) => (used.has(index) ? name : '')),
    mappings: encode(lines),
  });
}

function keep(segment: SourceMapSegment, kept: readonly boolean[]): SourceMapSegment {
  return segment.length > 1 && kept[segment[1] ?? -1] ? segment : [segment[0]];
}

function compiledHere(path: string, root: string): boolean {
  const inside = relative(root, path);
  return (inside.startsWith('packages/core/lib/') || inside.startsWith('build/actions/')) && existsSync(`${path}.map`);
}

function mapOfCompiled(path: string, root: string): SourceMapInput {
  const map = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as { sources: string[]; sourceRoot?: string; sourcesContent?: unknown };
  map.sources = map.sources.map((source) => own + relative(root, join(dirname(path), source)));
  delete map.sourcesContent;
  return map as SourceMapInput;
}
