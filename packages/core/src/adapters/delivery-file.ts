import { isUtf8 } from 'node:buffer';
import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { parseTopology } from '../domain/delivery/parse.ts';
import { quoted } from '../domain/delivery/found.ts';
import type { Topology } from '../domain/topology.ts';
import { InputError } from '../errors/errors.ts';
import { isInside, readInside } from './checkout-file.ts';

export const defaultDeliveryFile = '.github/delivery.yaml';

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
  const refuse = (message: string) => refused(`${quoted(name)} ${message}`);
  const bytes = readInside(root, asked, { refuse, unreadable: (error) => notReadable(name, error) });
  if (!isUtf8(bytes)) throw refuse('is no text in UTF-8');
  return parseTopology(bytes.toString('utf8'), name);
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
