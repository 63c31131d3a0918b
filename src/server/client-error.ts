import type { Socket } from 'node:net';
import { fault } from '../kernel/index.ts';
import type { Fault } from '../kernel/index.ts';
import { errorBody } from '../wire/index.ts';
import { STATUS_CODES } from './node-http.ts';

/** What bytes that are no HTTP request amount to; `code` is that of node's `clientError`. */
export function clientFault(code: string | undefined, headerBytes: number): Fault {
  if (code === 'HPE_HEADER_OVERFLOW') return fault('BRS_HEADERS_TOO_LARGE', { limit: headerBytes });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fault('BRS_HEADERS_TIMEOUT');
  return fault('BRS_HTTP_MALFORMED');
}

/** Answers on a connection that never became a request, and closes it. */
export function answerClientError(socket: Socket, problem: Fault): void {
  const body = errorBody(problem);
  const head = [
    `HTTP/1.1 ${problem.httpStatus} ${STATUS_CODES[problem.httpStatus]}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
    '\r\n',
  ];
  socket.end(Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body]));
}
