/** The code blocks of the documentation, so that what people copy from it is held to what it says. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, parseDocument } from 'yaml';

export interface Example {
  /** Relative to the root, such as `docs/adopting.md`. */
  readonly file: string;
  /** Of its first line in that file, from 1. */
  readonly line: number;
  readonly text: string;
  /** What it is by its topmost keys. A fragment is to be put into something else. */
  readonly kind: 'workflow' | 'topology' | 'fragment';
}

const pages = ['*.md', 'docs/**/*.md', 'actions/*/README.md', 'examples/**/*.md', 'deploy/**/*.md', 'images/*/*.md'];

export function markdownFiles(root: string): string[] {
  return globSync(pages, { cwd: root, exclude: ['**/node_modules/**'] }).sort();
}

/** Every block of YAML in every page. */
export function yamlExamples(root: string): Example[] {
  return markdownFiles(root).flatMap((file) => yamlBlocks(readFileSync(join(root, file), 'utf8'), file));
}

/**
 * A fence may be indented, as in a list: its block is then as far to the left as the fence. A line such as `# .github/workflows/prune.yml`
 * begins a file, so a block may hold several.
 */
export function yamlBlocks(markdown: string, file: string): Example[] {
  const found = markdown.matchAll(/^( *)```ya?ml\n([\s\S]*?)^ *```$/gm);
  return [...found].flatMap(({ 1: indent = '', 2: block = '', index }) => {
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const first = lineCount(markdown.slice(0, index)) + 2;
    return filesIn(text).map((part) => ({ file, line: first + part.after, text: part.text, kind: kindOf(part.text) }));
  });
}

function filesIn(block: string): { text: string; after: number }[] {
  let after = 0;
  return block.split(/^(?=# \S+\.ya?ml$)/m).map((text) => {
    const part = { text, after };
    after += lineCount(text);
    return part;
  });
}

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}

function kindOf(text: string): Example['kind'] {
  const document = parseDocument(text);
  const has = (...keys: string[]) => keys.every((key) => document.has(key));
  if (has('on', 'jobs')) return 'workflow';
  // An overlay of kustomize has images as well, in a list.
  return ['images', 'projects', 'clusters'].some((key) => isMap(document.get(key))) ? 'topology' : 'fragment';
}
