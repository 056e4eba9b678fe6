import { quoted } from './delivery/found.ts';

export type ReadJsonObject = { readonly entries: ReadonlyMap<string, unknown> } | { readonly problem: string };

/**
 * Reads a text from outside that has to be one JSON object (RFC 8259) of at most `maxBytes` in UTF-8. A key that is given twice
 * is a problem: readers differ in which of the two they take. The problem is a sentence without the field's name.
 */
export function readJsonObject(text: string, maxBytes: number): ReadJsonObject {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > maxBytes) return { problem: `is ${bytes} bytes long: give at most ${maxBytes}` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: `${quoted(text)} is not JSON: give one object, such as {"request-id": "a1"}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: `${quoted(text)} is not an object: give one, such as {"request-id": "a1"}` };
  const twice = firstRepeated(ownKeys(text));
  if (twice !== undefined) return { problem: `gives the key ${quoted(twice)} twice` };
  return { entries: new Map(Object.entries(value)) };
}

/** A value as it is shown in a message: on one line, bounded. */
export function shownJson(value: unknown): string {
  const text = typeof value === 'string' ? quoted(value) : JSON.stringify(value);
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}

/** The keys of the outer object, as they stand in a text that is known to be JSON. */
function ownKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token === ':' && depth === 1) keys.push(JSON.parse(last) as string);
    last = token;
  }
  return keys;
}

function firstRepeated(keys: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return keys.find((key) => seen.size === seen.add(key).size);
}
