import type { Cluster as ClientCluster, User as ClientUser } from '@kubernetes/client-node';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '../../errors/errors.ts';
import { InputError } from '../../errors/errors.ts';
import type { Chosen, Source } from './kubeconfig.ts';
import { wrong } from './kubeconfig.ts';

/** What the client needs to speak to one cluster as one user. */
export interface Access {
  readonly cluster: ClientCluster;
  readonly user: ClientUser;
  /** The file that holds the token, when it is not in the kubeconfig. */
  readonly tokenFile: string | undefined;
}

/** Settings that run programs, send credentials elsewhere, or that the client leaves out in silence; each with the reason. */
const refusedOfUser: Readonly<Record<string, string>> = {
  exec: 'it would run a program on the runner; use a token or a client certificate',
  'auth-provider': 'it was removed from Kubernetes 1.26; use a token or a client certificate',
  'as-groups': 'impersonating groups is not supported',
  'as-uid': 'impersonating a uid is not supported',
  'as-user-extra': 'impersonating extra fields is not supported',
};
const refusedOfCluster: Readonly<Record<string, string>> = {
  'proxy-url': 'it would send the credentials through another host',
  'insecure-skip-tls-verify': 'anybody on the way could read the credentials; give certificate-authority-data',
};

/** Checks what a context names and reads the files it refers to. Throws InputError with every problem; shows no content. */
export function accessOf({ cluster, user, clusterSource, userSource }: Chosen): Access {
  const problems: Problem[] = [
    ...refusals(`${clusterSource.name}: cluster ${JSON.stringify(cluster.name)}`, cluster, refusedOfCluster),
    ...refusals(userField(user, userSource), user, refusedOfUser),
  ];
  if (problems.length > 0) throw new InputError(problems);
  const tokenFile = fileOf(user, 'tokenFile', userSource, userField(user, userSource));
  return {
    cluster: clientCluster(cluster, clusterSource),
    user: clientUser(user, userSource, tokenFile),
    tokenFile,
  };
}

type Entry = Readonly<Record<string, unknown>> & { readonly name: string };

function refusals(field: string, entry: Entry, refused: Readonly<Record<string, string>>): Problem[] {
  return Object.entries(refused)
    .filter(([key]) => entry[key] !== undefined && entry[key] !== null && entry[key] !== false && entry[key] !== '')
    .map(([key, why]) => ({ field, message: `${key} is refused: ${why}` }));
}

function clientCluster(entry: Entry, source: Source): ClientCluster {
  const field = `${source.name}: cluster ${JSON.stringify(entry.name)}`;
  const text = String(entry['server']);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '')
    throw wrong(field, 'server is not a URL that starts with https:// and holds neither user nor query');
  const authority = dataOf(entry, 'certificate-authority', source, field);
  if (authority !== undefined && !isCertificate(authority))
    throw wrong(field, 'certificate-authority-data does not hold a certificate (base64 of PEM)');
  const serverName = textOf(entry, 'tls-server-name', field);
  return {
    name: entry.name,
    server: url.href.replace(/\/+$/, ''),
    skipTLSVerify: false,
    ...(authority === undefined ? {} : { caData: authority }),
    ...(serverName === undefined ? {} : { tlsServerName: serverName }),
  };
}

function userField(entry: Entry, source: Source): string {
  return `${source.name}: user ${JSON.stringify(entry.name)}`;
}

function clientUser(entry: Entry, source: Source, tokenFile: string | undefined): ClientUser {
  const field = userField(entry, source);
  const certData = dataOf(entry, 'client-certificate', source, field);
  const keyData = dataOf(entry, 'client-key', source, field);
  checkPair(certData, keyData, field);
  const token = textOf(entry, 'token', field);
  const username = textOf(entry, 'username', field);
  if ([certData, token, tokenFile, username].every((credential) => credential === undefined))
    throw wrong(field, 'has neither a token nor a client certificate nor a user name');
  const password = username === undefined ? undefined : (textOf(entry, 'password', field) ?? '');
  const impersonateUser = textOf(entry, 'as', field);
  const fromFile = tokenFile === undefined || token !== undefined ? {} : tokenFromFile(tokenFile);
  return withoutUndefined({
    name: entry.name,
    certData,
    keyData,
    token,
    ...fromFile,
    username,
    password,
    impersonateUser,
  }) as ClientUser;
}

function withoutUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The client's own way to read a token anew every minute: service account tokens are replaced while a pod runs. */
export function tokenFromFile(tokenFile: string): { authProvider: object } {
  return { authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

function textOf(entry: Entry, key: string, field: string): string | undefined {
  const value = entry[key];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw wrong(field, `${key} is not a text: put it into quotes`);
  return value;
}

/** `<key>-data`, or the file that `<key>` names: base64. */
function dataOf(entry: Entry, key: string, source: Source, field: string): string | undefined {
  const data = textOf(entry, `${key}-data`, field);
  if (data !== undefined) return data;
  const file = fileOf(entry, key, source, field);
  return file === undefined ? undefined : readFileSync(file).toString('base64');
}

function fileOf(entry: Entry, key: string, source: Source, field: string): string | undefined {
  const name = textOf(entry, key, field);
  if (name === undefined) return undefined;
  if (source.directory === undefined)
    throw wrong(
      field,
      `${key} names a file; give a kubeconfig that holds its content (kubectl config view --raw --flatten)`,
    );
  const file = path.resolve(source.directory, name);
  try {
    readFileSync(file);
  } catch {
    throw wrong(field, `the file that ${key} names cannot be read`);
  }
  return file;
}

function isCertificate(data: string): boolean {
  try {
    return new X509Certificate(Buffer.from(data, 'base64')).subject !== '';
  } catch {
    return false;
  }
}

function checkPair(certData: string | undefined, keyData: string | undefined, field: string): void {
  if (certData === undefined && keyData === undefined) return;
  if (certData === undefined || keyData === undefined)
    throw wrong(field, 'has only one of client-certificate-data and client-key-data');
  if (!isCertificate(certData))
    throw wrong(field, 'client-certificate-data does not hold a certificate (base64 of PEM)');
  let belongs: boolean;
  try {
    const key = createPrivateKey(Buffer.from(keyData, 'base64'));
    belongs = new X509Certificate(Buffer.from(certData, 'base64')).checkPrivateKey(key);
  } catch {
    throw wrong(field, 'client-key-data does not hold a private key without a passphrase (base64 of PEM)');
  }
  if (!belongs) throw wrong(field, 'client-key-data is not the key of client-certificate-data');
}
