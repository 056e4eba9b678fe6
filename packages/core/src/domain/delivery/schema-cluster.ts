import * as z from 'zod/mini';
import { innerPath, serverAddress, text } from './fields.ts';
import { about, fields } from './schema-parts.ts';

/** Fields of a cluster that trusts GitHub's tokens. */
export const cluster = fields({
  server: serverAddress.check(about('API server, https, without user name and query.')),
  certificateAuthority: z.optional(
    innerPath.check(
      about(
        'File with the authority of its certificate (PEM), relative to the root of the repository; when left out, the authorities that the runner knows.',
      ),
    ),
  ),
  audience: z.optional(
    text(/^[!-~]{1,255}$/, 'an audience (1 to 255 printable ASCII characters, no space)').check(
      about('Whom tokens are made out to, an `audience` of its authentication configuration; `server` when left out.'),
    ),
  ),
});
