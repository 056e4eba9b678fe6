import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Serves git over http by git's own CGI program (git-http-backend(1)). `path` is `/OWNER/NAME.git/...`. */
export function serveGit(root: string, path: string, request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', headers } = request;
  const query = new URL(request.url ?? '/', 'http://stand-in').search.slice(1);
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: method,
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REMOTE_USER: 'operator',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(backend.stdin);
  backend.stdin.on('error', () => undefined); // the program may end before it has read everything; its answer tells why
  relayCgi(backend.stdout, response);
}

/** The head of a CGI answer (RFC 3875, 6.3) becomes that of the HTTP answer; the rest is passed on. */
function relayCgi(source: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const onHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const fields = head
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = fields.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(fields));
    response.write(head.subarray(end + 4));
    source.off('data', onHead);
    source.pipe(response);
  };
  source.on('data', onHead);
  source.on('end', () => {
    if (!response.headersSent) response.writeHead(500).end();
  });
}
