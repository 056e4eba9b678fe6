import { parse } from 'yaml';

/**
 * Every secret of a kubeconfig in the forms in which a program may print it: as it stands, decoded, line by line, in base64,
 * and as the credentials of a Basic header. Empty for what is no kubeconfig: the runtime masks the input as a whole as well.
 */
export function secretsOf(kubeconfig: string): string[] {
  const found = new Set<string>();
  const document = fields(parseOrNothing(kubeconfig));
  for (const entry of entriesOf(document['users'])) {
    const user = fields(fields(entry)['user']);
    const { username, password } = user;
    for (const secret of secretLeaves(user)) for (const form of formsOf(secret)) found.add(form);
    if (typeof password === 'string' && typeof username === 'string') found.add(base64(`${username}:${password}`));
  }
  for (const entry of entriesOf(document['clusters'])) {
    const cluster = fields(fields(entry)['cluster']);
    for (const key of ['server', 'proxy-url']) for (const form of formsOf(passwordOfUrl(cluster[key]))) found.add(form);
  }
  return [...found];
}

/** A secret itself, its lines, its base64 form, and what it is the base64 form of. */
export function formsOf(secret: string): string[] {
  if (secret === '') return [];
  const decoded = decodeBase64(secret);
  return [
    ...new Set([secret, ...linesOf(secret), base64(secret), ...(decoded === '' ? [] : [decoded, ...linesOf(decoded)])]),
  ];
}

function secretLeaves(user: Fields): string[] {
  const provider = fields(fields(user['auth-provider'])['config']);
  const environment = entriesOf(fields(user['exec'])['env']).map((variable) => fields(variable)['value']);
  // Settings of a provider that are shorter are words such as "true", whose masking would spoil the log.
  const settings = [...Object.values(provider), ...environment].filter((value) => String(value).length >= 6);
  return [user['token'], user['password'], user['client-key-data'], ...settings].flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? [String(value)] : [],
  );
}

function passwordOfUrl(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  return decodeURIComponent(url?.password ?? '');
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.length >= 8 && !line.startsWith('-----'));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The text that is encoded; empty when it is not base64 of printable text. */
function decodeBase64(text: string): string {
  const compact = text.replace(/\s/g, '');
  if (compact.length < 16 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return '';
  const decoded = Buffer.from(compact, 'base64').toString('utf8');
  return /^[\t\r\n\x20-\x7e]+$/.test(decoded) ? decoded : '';
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parseOrNothing(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
