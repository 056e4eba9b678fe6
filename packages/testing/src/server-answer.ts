import type { IncomingMessage, ServerResponse } from 'node:http';
import { resetConnection } from './reset-connection.ts';

export interface ServerRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** In place of ending well: no answer at all, half a body, nothing more ever, or a byte of body for ever. */
  readonly end?: 'reset' | 'cut' | 'stall' | 'drip';
  /** Its length is not said before. */
  readonly isChunked?: boolean;
  /** To HEAD: as it would be to GET, without the body. */
  readonly isHead?: boolean;
}

/** Turns the right answer into a wrong one. */
export type Fault = (answer: ServerAnswer, request: ServerRequest) => ServerAnswer;

/** Wrong answers to choose from. */
export const faults = {
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}): Fault =>
    () =>
      errorAnswer(status, 'TOOMANYREQUESTS', 'come again', headers),
  text:
    (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Fault =>
    () => ({ status, headers, body: Buffer.from(body) }),
  headers:
    (headers: Readonly<Record<string, string>>): Fault =>
    (answer) => ({ ...answer, headers: { ...answer.headers, ...headers } }),
  redirect:
    (location: string, status = 307): Fault =>
    () => ({ status, headers: { location }, body: new Uint8Array() }),
  reset: ((answer) => ({ ...answer, end: 'reset' })) as Fault,
  cut: ((answer) => ({ ...answer, end: 'cut' })) as Fault,
  stall: ((answer) => ({ ...answer, end: 'stall' })) as Fault,
  drip: ((answer) => ({ ...answer, end: 'drip' })) as Fault,
  flip: ((answer) => {
    const body = Uint8Array.from(answer.body);
    body[body.length >> 1]! ^= 1;
    return { ...answer, body };
  }) as Fault,
};

export function jsonAnswer(
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): ServerAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(document)),
  };
}

/** The error document of a registry (distribution spec 1.1, "Error Codes"). */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): ServerAnswer {
  return jsonAnswer(status, { errors: [{ code, message }] }, headers);
}

/** Sends an answer, or does to the connection what the fault asks for. */
export function write({ status, headers, body, end, isHead, isChunked }: ServerAnswer, response: ServerResponse): void {
  if (end === 'reset' || (end === 'cut' && body.length === 0)) return resetConnection(response.socket);
  if (end === 'drip') {
    response.writeHead(status, headers);
    const timer = setInterval(() => response.write('x'), 5);
    return void response.on('close', () => clearInterval(timer));
  }
  // RFC 9110, section 8.6: none for 204.
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && !isChunked && { 'content-length': String(body.length) }),
  });
  if (isHead) return void response.end();
  if (end === undefined) return void response.end(body);
  response.write(body.subarray(0, body.length >> 1), () => {
    if (end === 'cut') response.socket?.destroy();
  });
}
