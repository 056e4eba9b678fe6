// node own.mjs JOB : one job of this suite's code as a program, to be measured beside others.
import { copyImage } from '@delivery/core/action/copy-image';
import { copyAndTag, readTags } from '@delivery/core/action/copy-image-tags';
import { systemClock } from '@delivery/core/adapters/clock';
import { connectRegistry } from '@delivery/core/adapters/registry/client';
import type { Side } from './scene.ts';

/** `copy` sets the tag as its last request; `deliver` is what a promotion does: look, copy, set, read back. */
type Job = { readonly kind: 'copy' | 'deliver' | 'list'; readonly from: Side; readonly to: Side };

const { kind, from, to } = JSON.parse(process.argv[2] ?? '') as Job;
const { signal } = new AbortController();
const registry = connectRegistry({ clock: systemClock, credentials: async () => undefined, access: 'pull,push' });
const silent = { info: () => undefined, debug: () => undefined, warning: console.error, error: console.error };
const log = { ...silent, group: async <T>(_title: string, body: () => Promise<T>) => body(), outside: () => undefined };
const context = { log, clock: systemClock, signal };

if (kind === 'list') console.log((await registry.listTags(from, signal)).length);
else {
  const read = registry.readManifest(from, from.tag, signal);
  const [manifest, tags] = await Promise.all([
    read,
    kind === 'deliver' ? readTags(to, [to.tag], registry, signal) : [],
  ]);
  if (!manifest) throw new Error(`${from.path}:${from.tag} is not there`);
  const request = { digest: manifest.digest, manifest, from, to, ...(from.tags && { fromTags: from.tags }) };
  if (kind === 'deliver') await copyAndTag({ ...request, tags }, registry, context);
  else await copyImage({ ...request, tag: to.tag }, registry, context);
}
