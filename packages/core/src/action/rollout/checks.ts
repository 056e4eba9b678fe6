import { oneLine } from '../../domain/printable.ts';
import { untilRight } from '../until-right.ts';
import type { Check } from '../../domain/topology.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Web } from '../../ports/web.ts';

const answerWithinMs = 10_000;

/** Asks each page until it answers rightly or its time is over. Gives the first that stays wrong, as a sentence. */
export async function failingCheck(
  checks: readonly Check[],
  web: Web,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const check of checks) {
    const wrong = await untilRight(() => ask(check, web, signal), check.withinMs, clock, signal);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

async function ask({ url, status, contains }: Check, web: Web, signal: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await web.get(url, answerWithinMs, signal);
    const body =
      answer.body === '' ? 'an empty page' : `a page that begins with ${JSON.stringify(oneLine(answer.body, 120))}`;
    if (answer.status !== status) return `${address(url)} answered ${answer.status} instead of ${status}, with ${body}`;
    if (contains !== undefined && !answer.body.includes(contains)) {
      return `${address(url)} answered without ${JSON.stringify(contains)}, with ${body}`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof RemoteError) return error.message;
    throw error;
  }
}

function address({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search}`;
}
