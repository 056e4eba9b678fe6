import * as z from 'zod/mini';
import { expected, innerPath, realDay, repository, text, timeZone } from './fields.ts';
import { about, fields, wholeNumber } from './schema-parts.ts';

const build = fields({
  context: z._default(innerPath.check(about('Build context, relative to the root of the repository.')), '.'),
  file: z.optional(
    innerPath.check(
      about('Dockerfile, relative to the root of the repository; when left out, `Dockerfile` in the context.'),
    ),
  ),
  target: z.optional(
    text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'a stage of the Dockerfile (letters, digits, . _ -)').check(
      about('Stage of the Dockerfile to build; the last one when left out.'),
    ),
  ),
});

const retention = fields({
  workingDays: wholeNumber(
    1_000,
    5,
    'Builds of this many working days stay, today among them when it is one: Monday to Friday without `holidays`.',
  ),
  atLeast: wholeNumber(10_000, 10, 'This many of the newest builds stay, however old they are.'),
  keepPromoted: wholeNumber(
    1_000,
    5,
    'Builds stay that are among the last this many different ones that were promoted.',
  ),
  timeZone: z.prefault(timeZone.check(about('Where days begin and end: a time zone of the IANA database.')), 'UTC'),
  holidays: z._default(
    z
      .array(realDay, { error: expected('a list of days') })
      .check(about('Days that are no working days, as YYYY-MM-DD.')),
    [],
  ),
});

/** Fields of an image. */
export const image = fields({
  repository: repository.check(about('Where builds are pushed, as `latest` and `latest-N`: host[:port]/path.')),
  promoted: z.optional(
    repository.check(
      about(
        'Where promoted builds are copied, as `stable` and their version. It may be the same as `repository`: the tags differ.',
      ),
    ),
  ),
  build: z.optional(build.check(about('How the image is built. Left out for an image that is not built here.'))),
  retention: z.optional(
    retention.check(about('Which builds stay when builds are pruned. Left out for an image that is never pruned.')),
  ),
});
