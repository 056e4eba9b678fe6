import type { Cell, Outcome, ResultState, SummaryBlock } from './outcome.ts';
import { oneLine, printable } from '../domain/printable.ts';

/** A result at a glance. */
export const lights: Readonly<Record<ResultState, string>> = {
  success: '🟢',
  unstable: '🟡',
  failure: '🔴',
  skipped: '⚪',
};

/** Where an error's remedy stands. */
export function codeBlock(code: string): SummaryBlock {
  return { kind: 'text', text: `Code ${code}: docs/troubleshooting.md of fragalysis-actions says more.` };
}

const maxLines = 200;
const maxLineLength = 1_000;

/** The job summary of an outcome, in GitHub's Markdown. Texts may come from outside: none of them makes markup or a link. */
export function renderSummary(action: string, outcome: Outcome<string>): string {
  const parts = [`### ${lights[outcome.result]} ${action}: ${outcome.result}`, escape(oneLine(outcome.reason, 1_000))];
  if (outcome.next !== undefined) parts.push(`**Next:** ${escape(oneLine(outcome.next, 1_000))}`);
  return `${[...parts, ...outcome.summary.map(renderBlock)].join('\n\n')}\n\n`;
}

function renderBlock(block: SummaryBlock): string {
  switch (block.kind) {
    case 'table':
      return [
        row(block.head.map((cell) => escape(cell))),
        row(block.head.map(() => '---')),
        ...block.rows.map((cells) => row(cells.map(renderCell))),
      ].join('\n');
    case 'text':
      return escape(printable(block.text));
    case 'lines':
      return renderLines(block.title, block.lines);
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function renderCell(cell: Cell): string {
  if (typeof cell === 'string') return escape(oneLine(cell));
  if ('code' in cell) return renderCode(oneLine(cell.code));
  const href = URL.parse(cell.href);
  const label = escape(oneLine(cell.link));
  return href?.protocol === 'https:' || href?.protocol === 'http:'
    ? `[${label}](<${href.href.replace(/[<>|]/g, encodeURIComponent)}>)`
    : label;
}

function renderCode(text: string): string {
  if (text === '') return '';
  return /[`|]/.test(text) ? `<code>${entities(text)}</code>` : `\`${text}\``;
}

function renderLines(title: string, lines: readonly string[]): string {
  const shown = lines.slice(-maxLines).map((line) => oneLine(line, maxLineLength));
  const left = lines.length - shown.length;
  if (left > 0) shown.unshift(`(${left} earlier lines are not shown)`);
  const longest = Math.max(2, ...shown.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const fence = '`'.repeat(longest + 1);
  return `<details><summary>${entities(oneLine(title))}</summary>\n\n${fence}text\n${shown.join('\n')}\n${fence}\n\n</details>`;
}

function escape(text: string): string {
  return text.replace(/[\\`*[\]|~]/g, (char) => `\\${char}`).replace(/[&<>]/g, entity);
}

function entities(text: string): string {
  return text.replace(/[&<>`|*_[\]\\~]/g, entity);
}

function entity(char: string): string {
  return `&#${char.charCodeAt(0)};`;
}
