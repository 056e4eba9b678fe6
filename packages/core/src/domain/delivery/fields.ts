import * as z from 'zod/mini';
import { parseDuration } from '../duration.ts';
import type { Repository } from '../image-reference.ts';
import { formatRepository, parseImageReference, parseRepository } from '../image-reference.ts';
import { isRealDay, isTimeZone } from '../working-days.ts';
import { foundInsteadOf } from './found.ts';
import { nearest } from './nearest.ts';

/** What zod tells about a value that is refused. */
interface Refused {
  readonly input?: unknown;
}

/** The message of a value that is not `phrase`. */
export function expected(phrase: string): (refused: Refused) => string {
  return ({ input }) => foundInsteadOf(input, phrase);
}

/** A text that matches `pattern`. */
export function text(pattern: RegExp, phrase: string) {
  return z.string({ error: expectedText(phrase) }).check(z.regex(pattern, { error: expected(phrase) }));
}

/** One of a few words. */
export function word<const Word extends string>(words: readonly Word[]) {
  const phrase = words.join(' or ');
  const error = ({ input }: Refused): string => {
    const meant = typeof input === 'string' ? nearest(input, words) : undefined;
    return `${foundInsteadOf(input, phrase)}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
  };
  return z.enum(words, { error });
}

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const labelPhrase = 'a DNS label (1 to 63 lower-case letters, digits and inner hyphens)';

/** RFC 1123 label, as Kubernetes takes it for namespaces and containers (kubernetes.io, "Object Names and IDs"). */
export const dnsLabel = text(new RegExp(`^${label}$`), labelPhrase);

/** RFC 1123 subdomain, as Kubernetes takes it for Deployments and StatefulSets. */
export const dnsSubdomain = text(
  new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`),
  'a name of Kubernetes (DNS labels of lower-case letters, digits and inner hyphens, joined by dots, 253 characters at most)',
);

/** A subdomain of at most 52 characters: the names of a CronJob's own Jobs are eleven longer (kubernetes.io, "CronJob"). */
export const cronJobName = text(
  new RegExp(`^(?=.{1,52}$)${label}(?:\\.${label})*$`),
  'the name of a CronJob (lower-case letters, digits and inner hyphens, 52 characters at most)',
);

/** An identifier of MySQL that needs no quotes (dev.mysql.com, "Schema Object Names"); what else a name may hold is for no file. */
export const databaseName = text(
  /^[\w$\u0080-\uffff]{1,64}$/,
  'the name of a table or column (1 to 64 letters, digits, _ and $)',
);

const patternPhrase = 'a regular expression of 1 to 500 characters';

/** A regular expression, with the flag u. */
export const pattern = z.pipe(
  z
    .string({ error: expectedText(patternPhrase) })
    .check(z.minLength(1, { error: expected(patternPhrase) }), z.maxLength(500, { error: expected(patternPhrase) })),
  z.transform((given, context): RegExp => {
    try {
      return new RegExp(given, 'u');
    } catch {
      context.issues.push({ code: 'custom', input: given, message: foundInsteadOf(given, 'a regular expression') });
      return z.NEVER;
    }
  }),
);

/** A name that somebody else gave: a context, an environment. No control characters, no space at its ends. */
export const plainName = text(
  /^(?=.{1,255}$)[^\s\p{Cc}]+(?: +[^\s\p{Cc}]+)*$/u,
  'a name (1 to 255 characters, no space at its ends)',
);

/** A path inside the repository; it begins with no hyphen, so that no builder takes it for an option. */
export const innerPath = text(
  /^(?=.{1,1024}$)(?![-/])(?!(?:.*\/)?\.\.(?:\/|$))[^\\\p{Cc}]+$/u,
  'a path inside the repository (relative, with / and without ..)',
);

/** A repository; its JSON Schema pattern says what a pattern can say, the parser decides. */
export const repository = z.pipe(
  z
    .string({ error: expected('a repository host[:port]/path') })
    .check(z.meta({ pattern: '^(localhost|[^/@\\s]*[.:][^/@\\s]*)/[a-z0-9]+([._/-]+[a-z0-9]+)*$' })),
  z.transform((given, context): Repository => {
    const parsed = parseRepository(given);
    if (parsed) return parsed;
    context.issues.push({
      code: 'custom',
      input: given,
      message: foundInsteadOf(given, `a repository host[:port]/path${repositoryHint(given)}`),
    });
    return z.NEVER;
  }),
);

/** Milliseconds. */
export const duration = durationUpTo(24);

/** Milliseconds; `hours` at most. */
export function durationUpTo(hours: number) {
  const phrase = `a duration such as 90s, 10m or 1h30m, more than 0 and at most ${hours}h`;
  return z.pipe(
    z.string({ error: expected(phrase) }).check(z.meta({ pattern: '^(?=\\d)(\\d{1,4}h)?(\\d{1,5}m)?(\\d{1,6}s)?$' })),
    z.transform((given, context): number => {
      const ms = parseDuration(given);
      if (ms !== undefined && ms <= hours * 3_600_000) return ms;
      context.issues.push({ code: 'custom', input: given, message: foundInsteadOf(given, phrase) });
      return z.NEVER;
    }),
  );
}

const webPattern = /^https?:\/\/[^\s@/?#]+(?:[/?#]\S*)?$/;
const webPhrase = 'a URL http://... or https://...';

/** An address of the web. What may be a password is not shown. */
export const webAddress = z.pipe(
  z.string({ error: expected(webPhrase) }).check(z.meta({ pattern: webPattern.source })),
  z.transform((given, context): URL => {
    const url = URL.parse(given);
    if (url && webPattern.test(given)) return url;
    const message =
      url && (url.username !== '' || url.password !== '')
        ? 'holds a user name or password; the file is no place for them: check a page that needs none'
        : foundInsteadOf(given, webPhrase);
    context.issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  }),
);

const serverPattern = /^https:\/\/[^\s@/?#]+(?:\/[^\s?#]*)?$/;
const serverPhrase = 'the URL of an API server, https://host[:port], without user, query and #';

/** The address of an API server, as it is written: tokens are made out to that text. What may be a password is not shown. */
export const serverAddress = z.pipe(
  z.string({ error: expected(serverPhrase) }).check(z.meta({ pattern: serverPattern.source })),
  z.transform((given, context): string => {
    const url = URL.parse(given);
    if (url && serverPattern.test(given)) return given;
    const message = given.includes('@')
      ? `holds a user name or password; give ${serverPhrase}`
      : foundInsteadOf(given, serverPhrase);
    context.issues.push({ code: 'custom', input: given, message });
    return z.NEVER;
  }),
);

/** A text of the pattern that `isRight` as well; only the parser can tell that. */
function checkedText(given: RegExp, isRight: (text: string) => boolean, phrase: string) {
  return z.pipe(
    z.string({ error: expected(phrase) }).check(z.meta({ pattern: given.source })),
    z.transform((found, context): string => {
      if (given.test(found) && isRight(found)) return found;
      context.issues.push({ code: 'custom', input: found, message: foundInsteadOf(found, phrase) });
      return z.NEVER;
    }),
  );
}

/** A day of the calendar. YAML 1.2 reads it as a text. */
export const realDay = checkedText(/^\d{4}-\d{2}-\d{2}$/, isRealDay, 'a day of the calendar such as 2026-12-25');

/** A zone of the IANA time zone database that this program's own copy has. */
export const timeZone = checkedText(
  /^[A-Za-z][\w+-]{0,31}(?:\/[A-Za-z][\w+-]{0,31}){0,2}$/,
  isTimeZone,
  'a time zone of the IANA database such as Europe/London or UTC',
);

/** A number or boolean where a text is wanted: it was meant as a text, and YAML reads it otherwise. */
export function expectedText(phrase: string): (refused: Refused) => string {
  return ({ input }) => {
    const quotes =
      typeof input === 'number' || typeof input === 'boolean' ? '; put it in quotes if the text is meant' : '';
    return `${foundInsteadOf(input, phrase)}${quotes}`;
  };
}

function repositoryHint(given: string): string {
  const reference = parseImageReference(given);
  if (reference) return `: leave the tag or digest out, ${formatRepository(reference)}`;
  if (parseRepository(`localhost/${given}`) || parseImageReference(`localhost/${given}`))
    return ': write the host too, docker.io is never assumed';
  return ' in lower case, without scheme, tag or digest';
}
