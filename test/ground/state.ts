import type { IssuerPlace } from '@delivery/testing/oidc-issuer/client';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BaseImage } from './images.ts';
import type { Page } from './settings.ts';
import { runDir } from './settings.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface GroundRegistry extends Login {
  /** Such as `127.0.0.1:15000`; plain HTTP. */
  readonly host: string;
}

export interface GroundCluster {
  readonly kind: 'embedded' | 'kubeconfig';
  /** A file with one context. */
  readonly kubeconfig: string;
  /** URL of the API server. */
  readonly server: string;
  /** The authority of the API server's certificate, PEM; undefined: one that the machine knows, or none. */
  readonly caPath?: string;
}

/** An issuer in the place of GitHub's, which the cluster trusts (docs/oidc.md). */
export interface GroundOidc {
  readonly issuer: IssuerPlace;
  /** Whom tokens have to be made out to. */
  readonly audience: string;
  /** Whose tokens are taken. */
  readonly repositories: readonly string[];
}

/** Where everything of a running ground is; the tests read it, `up` writes it last. */
export interface GroundState {
  readonly cluster: GroundCluster;
  /** Of the embedded cluster only. */
  readonly oidc?: GroundOidc;
  readonly registries: {
    readonly basic: GroundRegistry;
    /** Asks for Bearer tokens of the token service. `reader` may pull and not push. */
    readonly bearer: GroundRegistry & { readonly reader: Login; readonly tokenUrl: string };
  };
  /** Base images by name: repository and tag, without the registry's host. */
  readonly images: Readonly<Record<BaseImage, string>>;
  /** The address on the host where a project's page is, once its Service has the NodePort of settings.ts. */
  readonly pages: Readonly<Record<Page, string>>;
  readonly docker: { readonly host: string; readonly configDir: string };
  /** A `.dockerconfigjson` with the logins of both registries: for builders and for image pull secrets. */
  readonly registryLogins: string;
  /** Full paths of programs. */
  readonly programs: { readonly act: string; readonly buildx: string; readonly kubectl: string };
  /** What docker, buildx and buildah need in their environment to work with this ground. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directories: { readonly run: string; readonly logs: string; readonly cache: string };
}

export const stateFile = join(runDir, 'state.json');

/** The state of the ground that is up; undefined when none is. */
export function findState(): GroundState | undefined {
  return existsSync(stateFile) ? (JSON.parse(readFileSync(stateFile, 'utf8')) as GroundState) : undefined;
}

/** The state of the ground that is up; throws when none is. */
export function readState(): GroundState {
  const state = findState();
  if (!state) throw new Error('the ground is not up: run `npm run ground -- up`');
  return state;
}

export function writeState(state: GroundState): void {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(`${stateFile}.new`, stateFile);
}
