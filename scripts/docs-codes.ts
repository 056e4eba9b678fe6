/**
 * The words by which the suite names what went wrong or how it ended: codes of errors, causes, verdicts. They are collected from the
 * sources' syntax trees, so that docs/troubleshooting.md can be held to have them all, and no other.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** What carries such a word: fields, parameters and variables by these names. */
const carriers: ReadonlySet<string> = new Set(['code', 'cause', 'verdict', 'system']);
/** Types that list such words. */
const lists = /^(\w*Cause|\w*Code|Verdict)$/;
/** What a word looks like; `EACCES` of the system and sentences do not. */
const word = /^[a-z]+(-[a-z]+)*$/;
/** Words of other things by these names: an issue of the validating library, a cell of a summary. */
const foreign: ReadonlySet<string> = new Set(['custom', 'unknown']);

const sources = ['packages/{core,backup}/src/**/*.ts', 'actions/*/src/**/*.ts'];

/** Each word with the files that it stands in. */
export function collectCodes(root: string): Map<string, string[]> {
  const files = globSync(sources, { cwd: root }).sort();
  return codesOf(new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])));
}

/** The same of texts, by file name. */
export function codesOf(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const trees = [...texts].map(([file, text]) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  const nodes = trees.flatMap(nodesOf);
  const takers = new Map(nodes.flatMap(takerOf));
  for (const [name, base] of nodes.flatMap(heirOf)) takers.set(name, takers.get(base) ?? -1);
  const found = new Map<string, string[]>();
  for (const tree of trees) {
    const words = nodesOf(tree).flatMap((node) => wordsOf(node, takers));
    for (const each of new Set(words.filter((text) => word.test(text) && !foreign.has(text))))
      found.set(each, [...(found.get(each) ?? []), tree.fileName]);
  }
  return found;
}

function nodesOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return [node, ...children.flatMap(nodesOf)];
}

/** A function or class whose parameter carries a word, with the place of that parameter. */
function takerOf(node: ts.Node): [string, number][] {
  if (!ts.isFunctionDeclaration(node) && !ts.isArrowFunction(node) && !ts.isConstructorDeclaration(node)) return [];
  const named = ts.isFunctionDeclaration(node) ? node : node.parent;
  const name =
    ts.isVariableDeclaration(named) || ts.isFunctionDeclaration(named) || ts.isClassDeclaration(named)
      ? named.name
      : undefined;
  const at = node.parameters.findIndex(({ name: parameter }) => isCarrier(parameter));
  return name === undefined || at < 0 ? [] : [[name.getText(), at]];
}

/** A class that is made as the one that it extends. */
function heirOf(node: ts.Node): [string, string][] {
  if (!ts.isClassDeclaration(node) || !node.name || node.members.some(ts.isConstructorDeclaration)) return [];
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0];
  return base ? [[node.name.text, base.expression.getText()]] : [];
}

function wordsOf(node: ts.Node, takers: ReadonlyMap<string, number>): string[] {
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) return wordsGiven(node, takers);
  if (ts.isPropertyAssignment(node) && isCarrier(node.name)) return textsOf(node.initializer);
  if (ts.isVariableDeclaration(node) && isCarrier(node.name)) return textsOf(node.initializer);
  if (ts.isTypeAliasDeclaration(node) && lists.test(node.name.text)) return textsOfType(node.type);
  if (ts.isPropertySignature(node) && isCarrier(node.name)) return textsOfType(node.type);
  return [];
}

function wordsGiven(
  { expression, arguments: given }: ts.NewExpression | ts.CallExpression,
  takers: ReadonlyMap<string, number>,
) {
  // What extends an error of the suite gives its code to it.
  const at = expression.kind === ts.SyntaxKind.SuperKeyword ? 0 : takers.get(expression.getText());
  return at === undefined || at < 0 ? [] : textsOf(given?.[at]);
}

function isCarrier(name: ts.Node): boolean {
  return ts.isIdentifier(name) && carriers.has(name.text);
}

/** Both ends of a choice count. */
function textsOf(node: ts.Expression | undefined): string[] {
  if (!node) return [];
  if (ts.isStringLiteral(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (ts.isBinaryExpression(node)) return [...textsOf(node.left), ...textsOf(node.right)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return textsOf(node.expression);
  return [];
}

function textsOfType(node: ts.TypeNode | undefined): string[] {
  if (!node) return [];
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(textsOfType);
  return ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal) ? [node.literal.text] : [];
}
