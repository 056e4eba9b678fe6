// node main.ts PORT KEY.pem CERTIFICATE.pem : the issuer as a program.
import { readFileSync } from 'node:fs';
import { OidcIssuer } from './issuer.ts';

const [port, key, certificate] = process.argv.slice(2);
if (key === undefined || certificate === undefined) throw new Error('usage: main.ts PORT KEY.pem CERTIFICATE.pem');
const [keyText, certificateText] = [key, certificate].map((file) => readFileSync(file, 'utf8')) as [string, string];
const issuer = await OidcIssuer.start({ port: Number(port), key: keyText, certificate: certificateText });
console.log(`issuer at ${issuer.url}`);
