/** One challenge of WWW-Authenticate; scheme and names of parameters in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const maxHeaderLength = 8 * 1024;

// RFC 9110, sections 5.6.2 (token), 5.6.4 (quoted-string) and 11.2 (auth-param, token68).
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(`(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
const schemePattern = new RegExp(`(${token})(?=[ \\t,]|$)`, 'y');
const token68Pattern = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const separatorPattern = /[ \t,]+/y;

/** Reads the challenges of WWW-Authenticate (RFC 9110, section 11.6.1), several to a header; stops at what is none. */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, maxHeaderLength);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(separatorPattern);
    const current = challenges.at(-1);
    const parameter = current && take(parameterPattern);
    if (parameter) {
      const [, name = '', quoted, plain = ''] = parameter;
      current.parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
      continue;
    }
    const scheme = take(schemePattern);
    if (!scheme) return challenges;
    challenges.push({
      scheme: (scheme[1] ?? '').toLowerCase(),
      parameters: Object.create(null) as Record<string, string>,
    });
    // `Negotiate abcd==` has one token68 in place of parameters.
    if (!take(separatorPattern)?.[0].includes(',')) take(token68Pattern);
  }
}
