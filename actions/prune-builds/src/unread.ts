import { ActionError, CancelledError, InputError } from '@delivery/core/errors/errors';

/** What cannot be read keeps everything. Throws ActionError `unread` in the place of other ones. */
export async function orUnread<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ActionError) || error instanceof InputError || error instanceof CancelledError) throw error;
    throw unread(what, error.message, error);
  }
}

export function unread(what: string, why: string, cause?: ActionError): ActionError {
  const hint = [cause?.hint, 'What is not known to be unused stays: run it again when it can be read.'];
  return new ActionError('unread', `${what} cannot be read: ${why}`, {
    hint: hint.filter((part) => part !== undefined).join(' '),
    cause,
  });
}

/** For what is thrown before the first deletion. */
export async function orNothing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ActionError) || error.code !== 'unread') throw error;
    throw new ActionError('unread', `Nothing was deleted: ${error.message}`, { hint: error.hint, cause: error });
  }
}
