import { FakeClock } from '@delivery/testing/fake-clock';
import { OidcTokens } from '../../../src/adapters/cluster/oidc-tokens.ts';
import { RemoteError } from '../../../src/errors/errors.ts';

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const { signal } = new AbortController();

/** A keeper whose tokens last five minutes, as GitHub's; each is another one. `aheadS`: how far the runner's clock is ahead of GitHub's. */
function keeper(lifetimeMs = 300_000, aheadS = 0) {
  const clock = new FakeClock();
  const minted: string[] = [];
  const masked: string[] = [];
  const mint = () => {
    const iat = Math.floor(clock.now().getTime() / 1000) - aheadS;
    const exp = iat + lifetimeMs / 1000;
    minted.push(`${base64({ alg: 'RS256' })}.${base64({ exp, iat, nbf: iat - 600, n: minted.length })}.signature`);
    return Promise.resolve(minted.at(-1) ?? '');
  };
  return { clock, minted, masked, tokens: new OidcTokens(mint, { clock, mask: (secret) => void masked.push(secret) }) };
}

function failing(...answers: (string | Error)[]) {
  const clock = new FakeClock();
  const mint = () => {
    const answer = answers.shift() ?? '';
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return new OidcTokens(mint, { clock, mask: () => undefined });
}

test('a token is used until a minute before its end, then another one', async () => {
  const { clock, minted, tokens } = keeper();
  const first = await tokens.get(signal);
  await clock.advance(239_000);
  expect(await tokens.get(signal)).toBe(first);
  await clock.advance(1_000);
  expect(await tokens.get(signal)).not.toBe(first);
  expect(minted).toHaveLength(2);
});

test.each([240, -240, 86_400])('with a clock %d s ahead of GitHub a token is used for as long', async (aheadS) => {
  const { clock, tokens } = keeper(300_000, aheadS);
  const first = await tokens.get(signal);
  await clock.advance(239_000);
  expect(await tokens.get(signal)).toBe(first);
  await clock.advance(1_000);
  expect(await tokens.get(signal)).not.toBe(first);
});

test('a token that does not say when it was made lasts until its end', async () => {
  const [clock, minted] = [new FakeClock(), [] as string[]];
  const mint = () => {
    minted.push(`h.${base64({ exp: clock.now().getTime() / 1000 + 300 })}.s`);
    return Promise.resolve(minted.at(-1) ?? '');
  };
  const tokens = new OidcTokens(mint, { clock, mask: () => undefined });
  await tokens.get(signal);
  await clock.advance(239_000);
  await tokens.get(signal);
  await clock.advance(1_000);
  await tokens.get(signal);
  expect(minted).toHaveLength(2);
});

test('a run of two hours has a good token at every moment', async () => {
  const { clock, minted, tokens } = keeper();
  for (let minute = 0; minute < 120; minute += 1) {
    const [, payload = ''] = (await tokens.get(signal)).split('.');
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
    expect(exp * 1000 - clock.now().getTime()).toBeGreaterThan(60_000);
    await clock.advance(60_000);
  }
  expect(minted).toHaveLength(30);
});

test('those who ask at the same time get the same one', async () => {
  const { minted, tokens } = keeper();
  const given = await Promise.all([tokens.get(signal), tokens.get(signal), tokens.get(signal)]);
  expect([new Set(given).size, minted.length]).toEqual([1, 1]);
});

test('whoever gives up does not take it from the others', async () => {
  const { tokens } = keeper();
  const impatient = new AbortController();
  const waiting = tokens.get(impatient.signal);
  const patient = tokens.get(signal);
  impatient.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  expect(await patient).toContain('.signature');
});

test('a token that the cluster refused is not used again; another that came meanwhile stays', async () => {
  const { minted, tokens } = keeper();
  const first = await tokens.get(signal);
  tokens.drop(first);
  const second = await tokens.get(signal);
  tokens.drop(first);
  expect([await tokens.get(signal), minted.length]).toEqual([second, 2]);
});

test('a token is masked, as it stands and in base64, before anybody has it', async () => {
  const { masked, tokens } = keeper();
  const token = await tokens.get(signal);
  expect(masked).toEqual(expect.arrayContaining([token, Buffer.from(token).toString('base64')]));
});

test('what lasts no minute is minted for each request', async () => {
  const { minted, tokens } = keeper(30_000);
  await tokens.get(signal);
  await tokens.get(signal);
  expect(minted).toHaveLength(2);
});

test('after a failure the next who asks has it tried again', async () => {
  const good = `${base64({})}.${base64({ exp: 4_000_000_000 })}.s`;
  const tokens = failing(new RemoteError('github', 'HTTP 503', { status: 503, retryable: true }), good);
  await expect(tokens.get(signal)).rejects.toMatchObject({ system: 'github', status: 503, retryable: true });
  expect(await tokens.get(signal)).toBe(good);
});

test.each([
  'no token',
  'a.b',
  `a.${base64({})}.c`,
  `a.${base64({ exp: 'soon' })}.c`,
  `a.${base64([])}.c`,
  'a.bnVsbA.c',
  'a.%%%.c',
])('what is no JWT with an end is refused without being shown: %s', async (token) => {
  const error = await failing(token)
    .get(signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ system: 'github', retryable: false });
  expect(String(error)).not.toContain(token);
});
