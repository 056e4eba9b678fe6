import type * as z from 'zod/mini';
import type { Path } from './document.ts';

/** The schema of the value at `path`; undefined where the schema knows none. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) at = at && inner(unwrapped(at), key);
  return at && unwrapped(at);
}

/** The names of the fields that the mapping at `path` may have; none where it is no mapping of fields. */
export function fieldsAt(schema: z.core.$ZodType, path: Path): string[] {
  const at = schemaAt(schema, path);
  const def = at && definition(at);
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

function inner(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  const def = definition(schema);
  if (def.type === 'object') return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : undefined;
  if (def.type === 'record') return def.valueType;
  return def.type === 'array' ? def.element : undefined;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const def = definition(schema);
  return def.type === 'optional' || def.type === 'default' || def.type === 'prefault'
    ? unwrapped(def.innerType)
    : schema;
}

function definition(schema: z.core.$ZodType) {
  return (schema as z.core.$ZodTypes)._zod.def;
}
