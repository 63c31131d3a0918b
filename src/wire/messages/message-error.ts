import type { Fault } from '../../kernel/index.ts';
import { isObject } from '../usage.ts';

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

const typeOf = (status: number): string =>
  TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');

/** An error body of the messages surface, with the exchange's own code beside it. */
export function messageErrorBody(fault: Fault, decisionId?: string): Buffer {
  return Buffer.from(errorJson(fault, decisionId));
}

/** The same as the event that ends a stream which broke. */
export function messageErrorEvent(fault: Fault, decisionId?: string): Buffer {
  return Buffer.from(`event: error\ndata: ${errorJson(fault, decisionId)}\n\n`);
}

function errorJson(fault: Fault, decisionId: string | undefined): string {
  return JSON.stringify({
    type: 'error',
    error: {
      type: typeOf(fault.httpStatus),
      message: fault.message,
      bourse_code: fault.code,
      ...(fault.param !== null && { param: fault.param }),
    },
    request_id: decisionId ?? null,
  });
}

/** What an instance said of a bad request, as the messages surface says it. */
export function messageErrorOf(body: Buffer, status: number): Buffer {
  let message = 'The request was refused.';
  try {
    const answer: unknown = JSON.parse(body.toString());
    const error = isObject(answer) ? (answer['error'] ?? answer) : null;
    if (typeof error === 'string') message = error;
    else if (isObject(error) && typeof error['message'] === 'string') message = error['message'];
  } catch {
    // An answer that is no JSON says nothing that could be passed on.
  }
  return Buffer.from(JSON.stringify({ type: 'error', error: { type: typeOf(status), message } }));
}
