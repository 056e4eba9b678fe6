/**
 * Writes schema/delivery.schema.json and the table of fields in docs/delivery-file.md from the schema that parses
 * delivery.yaml. `--check` only compares.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deliverySchema } from '@delivery/core/domain/delivery/schema';
import { format, resolveConfig } from 'prettier';
import * as z from 'zod/mini';
import { between } from './markers.ts';

/** The part of JSON Schema that the fields use. */
interface Field {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Field[];
  readonly default?: string | number | boolean | object;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Field>>;
  readonly additionalProperties?: Field | false;
  readonly items?: Field;
}

const root = join(import.meta.dirname, '..');
const schemaFile = 'schema/delivery.schema.json';
const docsFile = 'docs/delivery-file.md';

function table(schema: Field): string {
  return ['| field | value | default | what it is |', '|---|---|---|---|', ...rows(schema, '')].join('\n');
}

function rows({ properties, additionalProperties, items, required = [] }: Field, path: string): string[] {
  const named = Object.entries(properties ?? {}).flatMap(([name, field]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [row(field, inner, required.includes(name)), ...rows(field, inner)];
  });
  const each = additionalProperties ? `${path}.<name>` : undefined;
  return [
    ...named,
    ...(additionalProperties && each
      ? [row(additionalProperties, each, false), ...rows(additionalProperties, each)]
      : []),
    ...(items ? rows(items, `${path}[]`) : []),
  ];
}

function row(field: Field, path: string, required: boolean): string {
  const plain = field.default === undefined || typeof field.default === 'object' ? '' : `\`${String(field.default)}\``;
  const fallback = required ? '**required**' : plain;
  return `| \`${path}\` | ${value(field)} | ${fallback} | ${(field.description ?? '').replaceAll('|', '\\|')} |`;
}

/** A type of JSON Schema as the table calls it. */
const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'number',
  boolean: '`true` or `false`',
  null: 'null',
  array: 'list',
  object: 'mapping',
};

function value({ type, enum: words, anyOf }: Field): string {
  if (words) return words.map((word) => `\`${word}\``).join(' or ');
  if (anyOf) return anyOf.map(value).join(' or ');
  return kinds[type ?? ''] ?? '';
}

const schema = z.toJSONSchema(deliverySchema, { target: 'draft-2020-12', io: 'input' });
const docs = between(readFileSync(join(root, docsFile), 'utf8'), 'fields', table(schema as Field), docsFile);
const style = (await resolveConfig(join(root, docsFile))) ?? {};
const wanted: readonly (readonly [string, string])[] = [
  [schemaFile, `${JSON.stringify(schema, null, 2)}\n`],
  [docsFile, await format(docs, { ...style, parser: 'markdown' })],
];
const stale = wanted.filter(
  ([file, text]) => !existsSync(join(root, file)) || readFileSync(join(root, file), 'utf8') !== text,
);

if (process.argv.includes('--check')) {
  if (stale.length > 0) {
    console.error(
      `These differ from the schema in packages/core (npm run schema): ${stale.map(([file]) => file).join(', ')}`,
    );
    process.exitCode = 1;
  } else {
    console.log('schema: the JSON Schema and the table of fields agree with the parser');
  }
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  console.log(`schema: wrote ${stale.map(([file]) => file).join(', ') || 'nothing: all agrees'}`);
}
