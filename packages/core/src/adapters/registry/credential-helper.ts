import { z } from 'zod';
import { ActionError } from '../../errors/errors.ts';
import type { Exec } from '../../ports/exec.ts';
import type { Login } from './credentials.ts';

const answerOfHelper = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks `docker-credential-<name> get` for a login, the key of the registry on standard input (docker/docker-credential-helpers,
 * README). Undefined when it has none. What it prints is never shown: it may be the secret.
 */
export async function askHelper(
  name: string,
  key: string,
  file: string,
  exec: Exec,
  signal: AbortSignal,
): Promise<Login | undefined> {
  const helper = `docker-credential-${name}`;
  const from = `${helper} (named in ${file})`;
  const failed = (problem: string) =>
    new ActionError('registry-login', `${from} ${problem}`, {
      hint: `Try it on the runner: echo ${key} | ${helper} get`,
    });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new ActionError(
      'registry-login',
      `${file} names a credential helper that is no plain name: ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
  if ((await exec.find(helper)) === undefined) throw failed('is not on the PATH');
  const { exitCode, stdout, stderr } = await exec.run(helper, ['get'], { signal, input: key });
  if (exitCode !== 0) {
    // The protocol has no other sign of it than this text.
    if (`${stdout}${stderr}`.includes('credentials not found')) return undefined;
    throw failed(`ended with exit code ${exitCode}`);
  }
  const answer = parse(stdout);
  if (!answer) throw failed('did not answer with a Username and a Secret');
  if (answer.Username === '' && answer.Secret === '') return undefined;
  if (answer.Username === '<token>') return { kind: 'identity-token', token: answer.Secret, from };
  return { kind: 'password', username: answer.Username, password: answer.Secret, from };
}

function parse(stdout: string): z.output<typeof answerOfHelper> | undefined {
  try {
    return answerOfHelper.safeParse(JSON.parse(stdout)).data;
  } catch {
    return undefined;
  }
}
