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
  return onlyOwn(minified, load, (source) => (source.startsWith(own) ? source.slice(own.length) : undefined));
}

/** The same for a map that leads to the sources at once; `ownName` gives the name of a source that is ours, from the root of the repository. */
export function onlyOwnSourceMap(map: string, ownName: (source: string) => string | undefined): string | undefined {
  return onlyOwn(map, () => null, ownName);
}

function onlyOwn(map: string, load: (file: string) => SourceMapInput | null, ownName: (source: string) => string | undefined): string | undefined {
  const { sources, names, mappings } = remapping(map, load, { decodedMappings: true, excludeContent: true });
  const ours = sources.map((source) => ownName(source ?? ''));
  const kept = ours.map((source) => source !== undefined);
  if (!kept.includes(true)) return undefined;
  const lines = (mappings as SourceMapSegment[][]).map((line) => keepOwn(line, kept));
  const used = new Set(lines.flat().map((segment) => segment[4]));
  return JSON.stringify({
    version: 3,
    sources: ours.map((source) => source ?? ''),
    names: names.map((name, index) => (used.has(index) ? name : '')),
    mappings: encode(lines),
  });
}

/** What others wrote becomes one segment without a source, where it begins after ours. */
function keepOwn(line: readonly SourceMapSegment[], kept: readonly boolean[]): SourceMapSegment[] {
  const isOwn = (segment: SourceMapSegment | undefined) => segment !== undefined && segment.length > 1 && kept[segment[1] ?? -1] === true;
  return line.flatMap((segment, index) => {
    if (isOwn(segment)) return [segment];
    return isOwn(line[index - 1]) ? [[segment[0]] as SourceMapSegment] : [];
  });
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
