// node main.ts CONFIG.json : the token service as a program; CONFIG is TokenServiceOptions with `keyFile` (PEM) for `key`.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenServiceOptions } from './token-service.ts';
import { TokenService } from './token-service.ts';

export type TokenServiceFile = Omit<TokenServiceOptions, 'key'> & { readonly keyFile: string };

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: main.ts CONFIG.json');
const { keyFile, ...options } = JSON.parse(readFileSync(file, 'utf8')) as TokenServiceFile;
const service = await TokenService.start({ ...options, key: createPrivateKey(readFileSync(keyFile)) });
console.log(`token service at ${service.url}`);
