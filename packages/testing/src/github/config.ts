import { readFileSync } from 'node:fs';
import type { IssuerPlace } from '../oidc-issuer/client.ts';

/** CONFIG.json of the stand-in: what GitHub and its runners would have been set up with. */
export interface StandInConfig {
  /** Path of act 0.2.89; without it pushes start runs that end as `startup_failure`. */
  readonly act: string;
  /** `owner/name@ref` to the folder that is served for it: callable workflows and actions. */
  readonly localRepositories: Readonly<Record<string, string>>;
  /** Secrets and variables of every repository. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, string>>;
  /** Environment of every step. PATH is put behind the folder of the node that runs the stand-in. */
  readonly env: Readonly<Record<string, string>>;
  /** Path below HOME of every run to what it links to, such as `.docker/cli-plugins/docker-buildx`. */
  readonly homeLinks: Readonly<Record<string, string>>;
  /** Who gives the tokens of jobs with `id-token: write`; undefined: nobody does. */
  readonly oidc?: IssuerPlace;
}

const fields = ['localRepositories', 'secrets', 'vars', 'env', 'homeLinks'] as const;

/** Fills in what is left out; throws with the field's name when something is of another shape. */
export function parseConfig(given: unknown): StandInConfig {
  const values = given as Record<string, unknown>;
  const unknown = Object.keys(values).filter(
    (key) => !['act', 'oidc'].includes(key) && !(fields as readonly string[]).includes(key),
  );
  if (unknown.length > 0) throw new Error(`unknown field ${unknown.join(', ')} in the configuration of the stand-in`);
  if (typeof values['act'] !== 'string') throw new Error('act: give the path of the program');
  const maps = fields.map((field) => [field, texts(field, values[field] ?? {})] as const);
  const oidc = values['oidc'] === undefined ? {} : { oidc: texts('oidc', values['oidc']) };
  return { act: values['act'], ...Object.fromEntries(maps), ...oidc } as unknown as StandInConfig;
}

export function readConfig(file: string): StandInConfig {
  return parseConfig(JSON.parse(readFileSync(file, 'utf8')));
}

function texts(field: string, value: unknown): Record<string, string> {
  const wrong =
    typeof value !== 'object' || value === null || Object.values(value).some((text) => typeof text !== 'string');
  if (wrong) throw new Error(`${field}: give an object of texts`);
  return value as Record<string, string>;
}
