import * as z from 'zod/mini';
import { dnsLabel, expected } from './fields.ts';

/** What the fields of delivery.yaml are put together from. */

export const about = (description: string) => z.meta({ description });

/** A list that is there has something in it. */
export function listOf<Item extends z.ZodMiniType>(item: Item, phrase: string) {
  const error = expected(`a list of at least one ${phrase}`);
  return z
    .array(item, { error })
    .check(z.minLength(1, { error: `is an empty list: give at least one ${phrase}, or leave the field out` }));
}

/** A mapping by name that is there has something in it. */
export function byName<Value extends z.ZodMiniType>(value: Value, phrase: string) {
  return mappingOf(dnsLabel, value, phrase);
}

/** The same by names of another kind. */
export function mappingOf<Name extends z.core.$ZodRecordKey, Value extends z.ZodMiniType>(
  name: Name,
  value: Value,
  phrase: string,
) {
  const error = ({ input, code }: { readonly input?: unknown; readonly code?: string }): string =>
    expected(code === 'invalid_key' ? 'a name' : `a mapping of at least one ${phrase}`)({ input });
  return z.record(name, value, { error }).check(
    z.refine((given) => Object.keys(given).length > 0, `is empty: give at least one ${phrase}`),
    z.meta({ minProperties: 1 }),
  );
}

export function fields<const Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, { error: expected(`a mapping with the fields ${known}`) });
}

/** A mapping of fields, all of which may be left out, but not at once. */
export function someOf<const Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return fields(shape).check(
    z.refine(
      (given) => Object.keys(given).length > 0,
      `is empty: give at least one of ${known}, or leave the field out`,
    ),
    z.meta({ minProperties: 1 }),
  );
}

export function wholeNumber(most: number, fallback: number, description: string) {
  const error = expected(`a whole number from 0 to ${most}`);
  const number = z.int({ error }).check(z.minimum(0, { error }), z.maximum(most, { error }), about(description));
  return z._default(number, fallback);
}
