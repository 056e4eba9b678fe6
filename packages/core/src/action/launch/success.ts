import { oneLine } from '../../domain/printable.ts';
import { untilRight } from '../until-right.ts';
import type { CountCheck } from '../../domain/topology.ts';
import { RemoteError } from '../../errors/errors.ts';
import type { Web } from '../../ports/web.ts';
import type { LastRun } from './causes.ts';
import type { LoggedRun } from './log-pump.ts';
import type { Scene } from './scene.ts';
import type { Proof } from './task.ts';

type Signs = Extract<Proof, { by: 'signs' }>;

const answerWithinMs = 10_000;

/** What a Job that is Complete lacks to have succeeded, one sentence for each sign of delivery.yaml that is missing. */
export async function missingSigns(
  run: LastRun | undefined,
  logged: LoggedRun | undefined,
  { signs, web }: Signs,
  scene: Scene,
): Promise<readonly string[]> {
  const { logMatches, messageMatches, count } = signs ?? {};
  const missing = [
    ...(logMatches && !logged?.matched ? [noLine(logMatches, logged)] : []),
    ...(messageMatches ? wrongMessage(messageMatches, run?.end.message.trim() ?? '') : []),
  ];
  // The page is asked only when the rest is right: it may be right from an earlier load.
  if (!count || missing.length > 0) return missing;
  const wrong = await wrongCount(count, web, scene);
  return wrong === undefined ? [] : [wrong];
}

function noLine(pattern: RegExp, logged: LoggedRun | undefined): string {
  const sentence = `no line of its log matches ${shown(pattern)}`;
  return logged?.complete
    ? sentence
    : `${sentence}, as far as it could be read (${logged?.trouble ?? 'its pod is gone'})`;
}

function wrongMessage(pattern: RegExp, message: string): string[] {
  if (pattern.test(message)) return [];
  const found = message === '' ? 'it has none' : `it is ${JSON.stringify(oneLine(message, 200))}`;
  return [`its termination message does not match ${shown(pattern)}: ${found}`];
}

async function wrongCount(check: CountCheck, web: Web, scene: Scene): Promise<string | undefined> {
  const { clock, signal } = scene;
  return untilRight(() => askCount(check, web, signal), check.withinMs, clock, signal);
}

async function askCount(
  { url, matches, atLeast }: CountCheck,
  web: Web,
  signal: AbortSignal,
): Promise<string | undefined> {
  const page = `${url.origin}${url.pathname}`;
  try {
    const answer = await web.get(url, answerWithinMs, signal);
    if (answer.status !== 200) return `${page} answered ${answer.status} instead of 200`;
    const found = matches.exec(answer.body)?.[1];
    if (found === undefined || !/^\d{1,15}$/.test(found))
      return `${page} tells no number that matches ${shown(matches)}`;
    return Number(found) >= atLeast ? undefined : `${page} tells ${found}, at least ${atLeast} are expected`;
  } catch (error) {
    if (error instanceof RemoteError) return error.message;
    throw error;
  }
}

function shown(pattern: RegExp): string {
  return `/${pattern.source}/`;
}
