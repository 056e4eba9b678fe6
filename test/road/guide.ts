import { readFileSync } from 'node:fs';

/** What a reader is told to do on a page of docs: the shell blocks in their order, and the files that it shows. */
export interface Guide {
  readonly shell: readonly string[];
  /** Path, below the example's folder, to content. */
  readonly files: Readonly<Record<string, string>>;
}

/** Blocks ```sh are run; in blocks ```yaml a line `# path` begins a file. */
export function readGuide(file: string): Guide {
  const page = readFileSync(file, 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text = '']) => ({
    language,
    text,
  }));
  const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  const shown = blocks.filter(({ language }) => language === 'yaml').flatMap(({ text }) => splitFiles(text));
  return { shell, files: Object.fromEntries(shown) };
}

function splitFiles(text: string): [string, string][] {
  const parts = text.split(/^# (\S+\.ya?ml)\n/m).slice(1);
  return parts.flatMap((path, at) => (at % 2 === 0 ? [[path, parts[at + 1] ?? ''] satisfies [string, string]] : []));
}

/**
 * A block with the reader's values in the place of those that it sets, which is all that is changed. Throws when the variables of
 * the block are other ones.
 */
export function fillIn(block: string, values: Readonly<Record<string, string>>): string {
  const seen: string[] = [];
  const assignment = /(?<=^(?:export )?(?:[A-Z_]+=\S+ )*)([A-Z_]+)=\S+/gm;
  const filled = block.replaceAll(assignment, (_, name: string) => {
    seen.push(name);
    return `${name}='${values[name] ?? ''}'`;
  });
  const [set, given] = [seen.sort().join(', '), Object.keys(values).sort().join(', ')];
  if (set !== given) throw new Error(`the guide sets ${set}; given are ${given}`);
  return filled;
}
