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
