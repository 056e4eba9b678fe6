import * as z from 'zod/mini';
import type { Problem } from '../../errors/errors.ts';
import type { Path, SourceDocument } from './document.ts';
import { formatPath } from './document.ts';
import { suggest } from './nearest.ts';
import { deliverySchema } from './schema.ts';
import { fieldsAt, schemaAt } from './shape.ts';

type Issue = z.core.$ZodIssue;

/** Every problem that the schema found, where it stands in the file. */
export function schemaProblems(issues: readonly Issue[], document: SourceDocument): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], document));
}

function problemsOf(issue: Issue, parent: Path, document: SourceDocument): Problem[] {
  const path = [...parent, ...issue.path];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, document));
    case 'invalid_union': {
      // The kind of value that was chosen is the one whose problem lies inside it, not at its outside.
      const chosen = issue.errors.find((branch) =>
        branch.every((inner) => inner.code !== 'invalid_type' || inner.path.length > 0),
      );
      if (chosen) return chosen.flatMap((inner) => problemsOf(inner, path, document));
      break;
    }
    case 'invalid_key':
      return [badName(issue.issues[0]?.message ?? issue.message, path, document), ...underBadName(path, document)];
  }
  return [{ field: formatPath(path), message: issue.message, at: document.placeOf(path) }];
}

function badName(message: string, path: Path, { placeOfKey }: SourceDocument): Problem {
  return { field: formatPath(path), message: mergeAdvice(path) ?? message, at: placeOfKey(path) };
}

/** zod leaves out what stands under a name that is wrong; its problems are told all the same. */
function underBadName(path: Path, document: SourceDocument): Problem[] {
  const schema = schemaAt(deliverySchema, path);
  if (!schema || mergeAdvice(path) !== undefined) return [];
  const parsed = z.safeParse(schema, document.valueAt(path));
  return parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, path, document));
}

function unknownKey(key: string, parent: Path, { placeOfKey }: SourceDocument): Problem {
  const path = [...parent, key];
  const message = mergeAdvice(path) ?? `is not a field${suggest(key, fieldsAt(deliverySchema, parent))}`;
  return { field: formatPath(path), message, at: placeOfKey(path) };
}

function mergeAdvice(path: Path): string | undefined {
  return path.at(-1) === '<<' ? 'merge keys are not followed (YAML 1.2 has none): write the fields out' : undefined;
}
