import type { Repository } from '../../domain/image-reference.ts';
import { formatRepository } from '../../domain/image-reference.ts';
import type { Descriptor } from '../../domain/manifest.ts';
import type { BlobArrival } from '../../ports/registry.ts';
import { RemoteBlob } from './blob-source.ts';
import { hasBlob, openBlob } from './blobs.ts';
import type { Connection } from './connection.ts';
import { apiUrl } from './connection.ts';
import { intact } from './damage.ts';
import { apiOrigin } from './hosts.ts';
import { Patience } from './retry.ts';
import { uploadBlob, uploadLocation } from './upload.ts';

interface Copy {
  readonly blob: Pick<Descriptor, 'digest' | 'size'>;
  readonly from: Repository;
  readonly to: Repository;
  readonly what: string;
  readonly signal: AbortSignal;
}

/**
 * One request where the registry can mount the blob; else at most four: is it there, where does it come from, where does it go, and
 * the bytes.
 */
export async function copyBlob(
  connection: Connection,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  from: Repository,
  to: Repository,
  signal: AbortSignal,
): Promise<BlobArrival> {
  const what = `copying blob ${blob.digest} from ${formatRepository(from)} to ${formatRepository(to)}`;
  const copy = { blob, from, to, what, signal };
  let begun: URL | undefined;
  if (apiOrigin(from.host) === apiOrigin(to.host)) {
    const mounted = await mount(connection, copy);
    if (mounted === 'mounted') return 'mounted';
    begun = mounted;
  } else if (await hasBlob(connection, to, blob.digest, signal)) {
    return 'there';
  }
  await intact(what, async () => {
    const upload = begun;
    begun = undefined;
    await stream(connection, copy, upload);
  });
  return 'copied';
}

/** Distribution spec 1.1, "Mounting a blob from another repository"; gives the upload that a registry opens in place of it. */
async function mount(connection: Connection, { blob, from, to, what, signal }: Copy): Promise<'mounted' | URL> {
  const wanted = { repository: to, access: 'pull,push', from } as const;
  const url = apiUrl(to, 'blobs/uploads/');
  url.searchParams.set('mount', blob.digest);
  url.searchParams.set('from', from.path);
  const answer = await connection.send({ method: 'POST', url, headers: {}, maxBytes: 64 * 1024, what, signal }, wanted);
  if (answer.status === 201) return 'mounted';
  if (answer.status !== 202) throw await connection.refusal(what, answer, wanted, signal);
  return uploadLocation(answer, what);
}

async function stream(connection: Connection, copy: Copy, begun: URL | undefined): Promise<void> {
  const { blob, from, to, what, signal } = copy;
  const patience = new Patience(connection.clock, signal);
  const open = (offset: number) => openBlob(connection, from, blob, offset, signal);
  const source = new RemoteBlob({ blob, what, patience, open });
  // What is missing is found before an upload is opened, or here, with one that is open already.
  if (!begun) await source.open();
  await uploadBlob(connection, { blob, source, to, what, signal, begun });
}
