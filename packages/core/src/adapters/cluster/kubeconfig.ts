import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { InputError } from '../../errors/errors.ts';

/** A kubeconfig and where it came from. */
export interface Source {
  /** How messages call it: the input or the file. */
  readonly name: string;
  readonly text: string;
  /** Where its relative paths start; undefined for an input's content, which may name no files of the runner. */
  readonly directory: string | undefined;
}

/** The cluster and the user of one context. */
export interface Chosen {
  readonly context: string;
  readonly cluster: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly user: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly clusterSource: Source;
  readonly userSource: Source;
}

const maxLength = 1024 * 1024;
const named = <Key extends string, Value extends z.ZodType>(key: Key, value: Value) =>
  z.array(z.looseObject({ name: z.string(), [key]: value } as { name: z.ZodString } & Record<Key, Value>)).nullish();
// client-go, tools/clientcmd/api/v1/types.go
const shape = z.looseObject({
  'current-context': z.string().nullish(),
  contexts: named('context', z.looseObject({ cluster: z.string(), user: z.string() })),
  clusters: named('cluster', z.looseObject({ server: z.string() })),
  users: named('user', z.looseObject({})),
});
type File = z.infer<typeof shape> & { readonly source: Source };

/**
 * The cluster and user of `context` (default: the current one). With several files the first that names a thing decides, as
 * kubectl does it. Entries that the context does not use are not looked at. Throws InputError, which shows no content.
 */
export function chooseContext(sources: readonly Source[], context: string | undefined): Chosen {
  const files = sources.map(parseKubeconfig);
  const contexts = files.flatMap((file) => file.contexts ?? []);
  const existing = `there are: ${[...new Set(contexts.map(({ name }) => name))].join(', ') || 'none'}`;
  const where = sources.map(({ name }) => name).join(', ');
  const wanted = context ?? files.map((file) => file['current-context']).find(Boolean);
  if (wanted === undefined || wanted === null)
    throw wrong(where, `has no current-context: name the context to use (${existing})`);
  const found = contexts.find(({ name }) => name === wanted);
  if (found === undefined) throw wrong(where, `has no context ${JSON.stringify(wanted)} (${existing})`);
  const cluster = find(files, (file) => file.clusters?.find(({ name }) => name === found.context.cluster));
  const user = find(files, (file) => file.users?.find(({ name }) => name === found.context.user));
  if (cluster === undefined) throw wrong(where, missing('cluster', found.context.cluster, wanted));
  if (user === undefined) throw wrong(where, missing('user', found.context.user, wanted));
  return {
    context: wanted,
    cluster: { ...cluster.entry.cluster, name: cluster.entry.name },
    user: { ...user.entry.user, name: user.entry.name },
    clusterSource: cluster.source,
    userSource: user.source,
  };
}

export function wrong(where: string, message: string): InputError {
  return new InputError([{ field: where, message }]);
}

function missing(kind: string, name: string, context: string): string {
  return `has no ${kind} ${JSON.stringify(name)}, which its context ${JSON.stringify(context)} names`;
}

function find<T>(
  files: readonly File[],
  pick: (file: File) => T | undefined,
): { entry: T; source: Source } | undefined {
  for (const file of files) {
    const entry = pick(file);
    if (entry !== undefined) return { entry, source: file.source };
  }
  return undefined;
}

function parseKubeconfig(source: Source): File {
  if (source.text.length > maxLength) throw wrong(source.name, `is longer than ${maxLength} characters`);
  const lineCounter = new LineCounter();
  // Not prettyErrors: those messages quote the lines around a mistake, and a kubeconfig holds secrets.
  const document = parseDocument(source.text, { lineCounter, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake) {
    const { line, col } = lineCounter.linePos(mistake.pos[0]);
    throw wrong(source.name, `is not YAML: ${mistake.code} at line ${line}, column ${col}`);
  }
  const parsed = shape.safeParse(toPlain(document, source));
  if (parsed.success) return { ...parsed.data, source };
  throw new InputError(
    parsed.error.issues.map(({ path, message }) => ({
      field: [source.name, ...path].join('.'),
      message: `is wrong: ${message}`,
    })),
  );
}

function toPlain(document: ReturnType<typeof parseDocument>, source: Source): unknown {
  try {
    return document.toJS();
  } catch {
    throw wrong(source.name, 'holds YAML aliases that cannot be resolved');
  }
}
