import type { Records } from './records.ts';
import type { Repositories } from './repositories.ts';
import type { Runs } from './runs.ts';
import type { Json } from './shapes.ts';
import type { Access, Grant } from './tokens.ts';

/** What the endpoints work on. */
export interface Backend {
  readonly url: string;
  readonly repositories: Repositories;
  readonly runs: Runs;
  readonly records: Records;
  readonly log: (line: string) => void;
}

/** A request that is as described, for a repository that is there, by somebody who may. */
export interface ApiRequest {
  readonly repository: string;
  /** Values of the path. */
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly grant: Grant;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: Json | readonly Json[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Endpoint {
  /** Its path names an owner and no repository; `repository` is that of the run then, empty for a person. */
  readonly ofOwner?: true;
  /** What a GITHUB_TOKEN needs (docs.github.com, "Permissions required for GitHub Apps"). */
  readonly needs: readonly [scope: string, access: Access];
  readonly answer: (request: ApiRequest, backend: Backend) => ApiAnswer;
}

/** An answer that refuses; thrown by endpoints. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The part of a list that was asked for. */
export function page<T>(items: readonly T[], query: URLSearchParams): T[] {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  return items.slice(start, start + size);
}

/** The commit that a name stands for. */
export function commitOf({ repository }: ApiRequest, { repositories }: Backend, name: string): string {
  const found = repositories.resolve(repository, name);
  if (!found) throw new Refusal(422, `No commit found for SHA: ${name}`);
  return found.sha;
}
