import type { Alias, Document, Node } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Problem, SourcePosition } from '../../errors/errors.ts';
import { quoted } from './found.ts';
import { describeSyntaxError, isAboutDepth } from './syntax.ts';

export type Path = readonly PropertyKey[];

/** A YAML file as plain data, and where each of its values stands. */
export interface SourceDocument {
  /** Mappings are objects without a prototype, so that no key means anything to JavaScript. Undefined when it is no YAML. */
  readonly data: unknown;
  readonly valueAt: (path: Path) => unknown;
  /** What is wrong with it as YAML. */
  readonly problems: readonly Problem[];
  /** Where the value stands; the key of a value left empty, the nearest parent of one that is not there. */
  readonly placeOf: (path: Path) => SourcePosition;
  /** Where the key of the value stands, or the item of a list. */
  readonly placeOfKey: (path: Path) => SourcePosition;
}

// What an honest file stays far below. Nodes count after aliases are followed: that bounds their expansion.
const maxDepth = 20;
const maxNodes = 20_000;

/** Reads one YAML document by version 1.2, core schema (yaml.org/spec/1.2.2, section 10.3). Never throws. */
export function readYaml(text: string, file: string): SourceDocument {
  const lines = new LineCounter();
  const options = { version: '1.2', schema: 'core', merge: false, resolveKnownTags: false, stringKeys: true } as const;
  // Keys are compared by the walk: it is linear and names the first one.
  const document = parseDocument(text, { ...options, uniqueKeys: false, prettyErrors: false, lineCounter: lines });
  const placeAt = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = syntaxProblems(document, placeAt);
  const places = new Map<string, Place>();
  const walk = syntax.length > 0 ? { data: undefined, problems: [] } : toPlain(document, places, placeAt);
  const find = (path: Path): Place => {
    for (let length = path.length; length > 0; length--) {
      const place = places.get(pathId(path.slice(0, length)));
      if (place) return length === path.length ? place : { key: place.key, value: place.key };
    }
    return { key: 0, value: 0 };
  };
  return {
    data: walk.data,
    valueAt: (path) =>
      path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], walk.data),
    problems: [...syntax, ...walk.problems],
    placeOf: (path) => placeAt(find(path).value),
    placeOfKey: (path) => placeAt(find(path).key),
  };
}

/** `projects.test.workloads.web[0].name`; keys that are no plain words in quotes. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w-]{1,80}$/.test(String(part)) ? String(part) : quoted(String(part))}`;
  }
  return text === '' ? 'the file' : text;
}

type PlaceAt = (offset: number) => SourcePosition;

/** Offsets into the text. */
interface Place {
  readonly key: number;
  readonly value: number;
}

function pathId(path: Path): string {
  return JSON.stringify(path);
}

function syntaxProblems(document: Document.Parsed, placeAt: PlaceAt): Problem[] {
  const problems: Problem[] = [];
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== '1.2') {
    const message = `version ${version} is declared; this file is read by version 1.2: leave the line %YAML out`;
    problems.push({ field: 'YAML', message, at: placeAt(0) });
  }
  for (const error of [...document.errors, ...document.warnings]) {
    problems.push({ field: 'YAML', message: describeSyntaxError(error), at: placeAt(error.pos[0]) });
    // Each level that was too deep is an error of its own.
    if (isAboutDepth(error)) break;
  }
  return problems;
}

class TooLarge extends Error {}

function toPlain(
  document: Document.Parsed,
  places: Map<string, Place>,
  placeAt: PlaceAt,
): { data: unknown; problems: Problem[] } {
  const targets = resolveAliases(document);
  const problems: Problem[] = [];
  let nodes = 0;

  function plain(node: Node | null | undefined, path: Path, key: number): unknown {
    const offset = node?.range?.[0] ?? key;
    if (++nodes > maxNodes) throw stop(path, offset, `has more than ${maxNodes} values, aliases (*) followed`);
    if (path.length > maxDepth) throw stop(path, offset, `is nested more than ${maxDepth} levels deep`);
    if (isAlias(node)) return plainAlias(node, path, key);
    const empty = isScalar(node) && node.value === null && !node.source;
    places.set(pathId(path), { key, value: empty ? key : offset });
    if (isSeq<Node>(node))
      return node.items.map((item, index) => plain(item, [...path, index], item.range?.[0] ?? offset));
    if (isMap<Node, Node>(node)) return plainMap(node.items, path, offset);
    return isScalar(node) ? node.value : null;
  }

  function plainAlias(alias: Alias, path: Path, key: number): unknown {
    const target = targets.get(alias);
    if (target) return plain(target, path, key);
    const offset = alias.range?.[0] ?? key;
    throw stop(path, offset, `alias *${alias.source} is given, but no anchor &${alias.source} before it`);
  }

  function plainMap(items: readonly { key: Node; value: Node | null }[], path: Path, offset: number): unknown {
    const data = Object.create(null) as Record<string, unknown>;
    for (const item of items) {
      const name = isScalar(item.key) ? String(item.key.value) : '';
      const key = item.key.range?.[0] ?? offset;
      const inner = [...path, name];
      const first = places.get(pathId(inner));
      if (Object.hasOwn(data, name) && first) problems.push(givenTwice(inner, first, key));
      // Libraries that copy objects drop this key silently; nothing here is called so.
      else if (name === '__proto__')
        problems.push({ field: formatPath(inner), message: 'is a name that is never used here', at: placeAt(key) });
      else data[name] = plain(item.value, inner, key);
    }
    return data;
  }

  function givenTwice(path: Path, first: Place, key: number): Problem {
    const { line, column } = placeAt(first.key);
    return {
      field: formatPath(path),
      message: `is given twice, first in line ${line}, column ${column}`,
      at: placeAt(key),
    };
  }

  function stop(path: Path, offset: number, message: string): TooLarge {
    problems.push({ field: formatPath(path), message, at: placeAt(offset) });
    return new TooLarge();
  }

  try {
    return { data: plain(document.contents, [], 0), problems };
  } catch (error) {
    if (error instanceof TooLarge) return { data: undefined, problems };
    throw error;
  }
}

/** An alias means the newest anchor of its name before it (YAML 1.2.2, section 7.1): one pass instead of a search for each. */
function resolveAliases(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor) anchors.set(node.anchor, node);
    },
  });
  return targets;
}
