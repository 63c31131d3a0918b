import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, fault } from '../kernel/index.ts';
import type { Clock, DecisionId } from '../kernel/index.ts';
import { RESPONSE_HEADERS } from '../contract/index.ts';
import { OPENAI_ERRORS } from './edge.ts';
import type { ErrorForm } from './edge.ts';
import type { ServerLog } from './log.ts';

/** How long an unread body is swallowed after a refusal, so that the client gets to read the answer. */
const LINGER_MS = 2000;

/** What goes wrong without a code is logged and shown as `BRS_INTERNAL`: its text may hold anything. */
export function toFault(error: unknown, log: ServerLog): Fault {
  if (Fault.isInstance(error)) return error;
  log.error({ err: error }, 'request failed');
  return fault('BRS_INTERNAL', {}, { cause: error });
}

/** The head of an error answer. 429 and 503 always say when to try again. */
export function errorHeaders(
  problem: Fault,
  body: Buffer,
  decision: DecisionId | null,
): Record<string, string | number> {
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': body.length,
  };
  if (decision !== null) headers[RESPONSE_HEADERS.decisionId] = decision;
  const { httpStatus, retryAfterSeconds } = problem;
  if (retryAfterSeconds !== null) headers['retry-after'] = Math.ceil(retryAfterSeconds);
  else if (httpStatus === 429 || httpStatus === 503) headers['retry-after'] = 1;
  if (httpStatus === 401) headers['www-authenticate'] = 'Bearer';
  return headers;
}

/** What an error answer has besides the fault. */
export interface ErrorStyle {
  readonly extra?: Readonly<Record<string, string>> | undefined;
  /** Unset: as OpenAI writes errors. */
  readonly errors?: ErrorForm | undefined;
}

/** Answers a request whose body has been read, or that has none. */
export function sendFault(
  response: ServerResponse,
  problem: Fault,
  decision: DecisionId | null,
  { extra, errors = OPENAI_ERRORS }: ErrorStyle = {},
): void {
  const body = errors.body(problem, decision ?? undefined);
  const headers = errorHeaders(problem, body, decision);
  response.writeHead(problem.httpStatus, extra === undefined ? headers : { ...headers, ...extra });
  response.end(body);
}

export interface Refused {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly problem: Fault;
  /** A body that is announced no longer than this is swallowed and the connection kept. */
  readonly keepUpToBytes: number;
  /** True while the client waits for `100 Continue`: then no body follows. */
  readonly awaitsContinue: boolean;
  readonly extra?: Readonly<Record<string, string>>;
  /** Unset: as OpenAI writes errors. */
  readonly errors?: ErrorForm;
}

/**
 * Answers before the body was read. A long body, or one of unknown length, costs the connection: it
 * is closed a moment after the answer, since closing it at once would reset it before the client
 * has read.
 */
export function refuseEarly(refused: Refused, clock: Clock): void {
  const { request, response, problem, awaitsContinue, extra, errors = OPENAI_ERRORS } = refused;
  if (request.complete || (!awaitsContinue && isShort(request, refused.keepUpToBytes))) {
    sendFault(response, problem, null, { extra, errors });
    request.resume();
    return;
  }
  if (awaitsContinue) {
    sendFault(response, problem, null, { extra: { ...extra, connection: 'close' }, errors });
    return;
  }
  const body = errors.body(problem);
  const headers = errorHeaders(problem, body, null);
  response.writeHead(problem.httpStatus, { ...headers, ...extra, connection: 'close' });
  response.write(body);
  const finish = (): void => {
    clock.cancel(timer);
    response.end();
  };
  const timer = clock.after(LINGER_MS, finish);
  request.once('end', finish);
  request.once('close', finish);
  request.resume();
}

function isShort(request: IncomingMessage, keepUpToBytes: number): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= keepUpToBytes;
}
