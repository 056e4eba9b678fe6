import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs/coverage.md'), 'utf8');

/** Lines such as `- [road](../test/e2e/road.test.ts): "name"`, wherever they are broken. */
const named = [...page.matchAll(/^- \[[^\]]+\]\(\.\.\/([^)]+)\):\s+"([^"]+)"/gm)].map(([, file = '', name = '']) => ({
  file,
  name: name.replace(/\s+/g, ' '),
}));

/** The first words of every `it`, `test`, and `it.each(…)(…)` in a file, as they stand there. */
function testsOf(file: string): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|test)\b/.test(node.expression.getText())) {
      const [first] = node.arguments;
      if (first && ts.isStringLiteralLike(first)) names.push(first.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true));
  return names;
}

const sections = page.split(/^### /m).slice(1);

describe('the page of what was proven', () => {
  it.each(named)('names a test that there is: $file, "$name"', ({ file, name }) => {
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    expect(testsOf(file)).toContain(name);
  });

  it('has all ten things that the suite must do, and all ten scenarios', () => {
    const [, must = '', scenarios = ''] = page.split(/^## /m);
    expect([...must.matchAll(/^### (\d+)\. /gm)].map(([, number]) => Number(number))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect([...scenarios.matchAll(/^### /gm)]).toHaveLength(10);
  });

  it('has at least one test for each of them', () => {
    expect(sections.filter((section) => !/^- \[/m.test(section))).toEqual([]);
  });

  it('names no line that this test would not look at', () => {
    expect([...page.matchAll(/^- /gm)]).toHaveLength(named.length);
  });
});
