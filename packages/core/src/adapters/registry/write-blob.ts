import type { Digest } from '../../domain/digest.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import { BytesBlob } from './blob-source.ts';
import { hasBlob } from './blobs.ts';
import type { Connection } from './connection.ts';
import { intact } from './damage.ts';
import { uploadBlob } from './upload.ts';

/**
 * Uploads bytes unless they are there: one request then, three else. Nearly all blobs written so are the empty one of ledger records,
 * which is there from a repository's second record on, so asking first is the least (POST and PUT would be two each time). `written`
 * keeps what was seen to be there: within a run the question is asked once.
 */
export async function writeBlob(
  connection: Connection,
  written: Set<string>,
  repository: Repository,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Digest> {
  const digest = digestOf(bytes);
  const key = `${formatRepository(repository)}@${digest}`;
  signal.throwIfAborted();
  if (written.has(key)) return digest;
  const what = `writing blob ${digest} of ${formatRepository(repository)}`;
  if (!(await hasBlob(connection, repository, digest, signal))) {
    const blob = { digest, size: bytes.length };
    await intact(what, () =>
      uploadBlob(connection, { blob, source: new BytesBlob(bytes), to: repository, what, signal }),
    );
  }
  written.add(key);
  return digest;
}
