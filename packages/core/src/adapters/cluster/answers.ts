import { RemoteError } from '../../errors/errors.ts';

export const answerWithinMs = 30_000;
/** How long a request is repeated: an API server that is being replaced is away for about that long. */
export const repeatWithinMs = 30_000;

/** Undefined in the place of HTTP 404. */
export async function orNone<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof RemoteError && error.status === 404) return undefined;
    throw error;
  });
}

/** Whether the API server has said that it did not do it. An answer that is lost, or that of a proxy, or 5xx does not tell. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RemoteError && error.status !== undefined && error.status < 500;
}
