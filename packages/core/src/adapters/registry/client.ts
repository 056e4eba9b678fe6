import type { Registry } from '../../ports/registry.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import { readBlob } from './blobs.ts';
import type { RegistryOptions } from './connection.ts';
import { apiUrl, openConnection } from './connection.ts';
import { copyBlob } from './copy-blob.ts';
import { isNotFound } from './failure.ts';
import { putManifest, readManifest, removeManifest } from './manifests.ts';
import { asReferrer, listReferrer } from './referrers-index.ts';
import type { ReferrersApis } from './referrers.ts';
import { listReferrers } from './referrers.ts';
import { readAllTags } from './tags.ts';
import { Turns } from './turns.ts';
import { writeBlob } from './write-blob.ts';

export type { RegistryOptions } from './connection.ts';

/** The Registry over HTTP (OCI distribution spec 1.1): plain http for loopback hosts only, https for all others. */
export function connectRegistry(options: RegistryOptions): Registry {
  const connection = openConnection(options);
  const referrersApis: ReferrersApis = new Map();
  const writtenBlobs = new Set<string>();
  const turns = new Turns();

  return {
    readManifest: (repository, reference, signal) => readManifest(connection, repository, reference, signal),
    readBlob: (repository, digest, maxBytes, signal) => readBlob(connection, repository, digest, maxBytes, signal),
    writeBlob: (repository, bytes, signal) => writeBlob(connection, writtenBlobs, repository, bytes, signal),
    copyBlob: (blob, from, to, signal) => copyBlob(connection, blob, from, to, signal),
    remove: (repository, reference, signal) => removeManifest(connection, repository, reference, signal),
    listReferrers: (repository, subject, signal) =>
      listReferrers(connection, referrersApis, repository, subject, signal),

    // Distribution spec 1.1, "Pushing Manifests with Subject"
    async writeManifest(repository, reference, manifest, signal) {
      const where = `${formatRepository(repository)}@${manifest.digest}`;
      const referrer = asReferrer(manifest, where);
      const answer = await putManifest(connection, repository, reference, manifest, signal);
      if (!referrer) return;
      if (answer.headers.has('oci-subject')) return void referrersApis.set(repository.host, 'there');
      const key = `${formatRepository(repository)}@${referrer.subject}`;
      await turns.take(key, () => listReferrer(connection, repository, referrer, signal));
    },

    async listTags(repository, signal) {
      const what = `listing the tags of ${formatRepository(repository)}`;
      const wanted = { repository, access: 'pull' } as const;
      return readAllTags(apiUrl(repository, 'tags/list'), what, async (url, maxBytes) => {
        const answer = await connection.send({ method: 'GET', url, headers: {}, maxBytes, what, signal }, wanted);
        if (answer.status !== 200 && !isNotFound(answer)) throw await connection.refusal(what, answer, wanted, signal);
        return answer;
      });
    },
  };
}
