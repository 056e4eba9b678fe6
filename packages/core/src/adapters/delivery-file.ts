import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { parseTopology } from '../domain/delivery/parse.ts';
import { quoted } from '../domain/delivery/found.ts';
import type { Topology } from '../domain/topology.ts';
import { InputError } from '../errors/errors.ts';

export const defaultDeliveryFile = '.github/delivery.yaml';
const maxBytes = 256 * 1024;

/** The root of the checkout (docs.github.com, "Default environment variables"); outside of a workflow, where it was started. */
export function workspaceOf(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_WORKSPACE'] || process.cwd();
}

/** The topology that an action's input `config` names; as readDeliveryFile. */
export function topologyOfInputs({ config }: { readonly config: string }): Promise<Topology> {
  return readDeliveryFile(workspaceOf(process.env), config);
}

/**
 * Reads delivery.yaml of a checkout. `workspace` is the root of the checkout (GITHUB_WORKSPACE); `config` is the input, a
 * path relative to it, empty for .github/delivery.yaml. Throws InputError when the file is not there, is larger than
 * 256 KiB, is no UTF-8, lies outside the checkout (by `..` or by a link), or for all that is wrong with what it says.
 */
export async function readDeliveryFile(workspace: string, config: string): Promise<Topology> {
  const root = await realpath(workspace);
  const asked = resolve(root, config === '' ? defaultDeliveryFile : config);
  if (!isInside(root, asked)) throw refused(`${quoted(config)} lies outside the checkout: give a path inside it`);
  const name = relative(root, asked).split(sep).join('/');
  const file = await realpath(asked).catch((error: unknown) => {
    throw notReadable(name, error);
  });
  if (!isInside(root, file))
    throw refused(`${quoted(name)} is a link that leads out of the checkout: put the file itself there`);
  return parseTopology(await readText(file, name), name);
}

async function readText(file: string, name: string): Promise<string> {
  // Opening a pipe must not wait for its other end.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw notReadable(name, error);
  });
  try {
    if (!(await handle.stat()).isFile()) throw refused(`${quoted(name)} is not a file`);
    const bytes = await readAtMost(handle, maxBytes + 1);
    if (bytes.length > maxBytes) throw refused(`${quoted(name)} is larger than 256 KiB`);
    if (!isUtf8(bytes)) throw refused(`${quoted(name)} is no text in UTF-8`);
    return bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}

async function readAtMost(handle: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, limit - length);
    length += bytesRead;
    if (bytesRead === 0 || length === limit) return buffer.subarray(0, length);
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** What a failed system call means for the user; the error itself when it is about something else. */
function notReadable(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const make =
      'check the repository out first (actions/checkout), or write it: docs/delivery-file.md shows one to begin with';
    return refused(`${quoted(name)} does not exist: ${make}`);
  }
  if (code === 'EACCES' || code === 'ELOOP') return refused(`${quoted(name)} cannot be read (${code})`);
  return error;
}

function refused(message: string): InputError {
  return new InputError([{ field: 'config', message }]);
}
