import type { ServerResponse } from 'node:http';

/** An error as vLLM sends it. */
export interface AnswerError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly param: string | null;
}

export const badRequest = (message: string, param: string | null = null): AnswerError => ({
  status: 400,
  type: 'BadRequestError',
  message,
  param,
});
export const notFound = (message: string, param: string | null = null): AnswerError => ({
  status: 404,
  type: 'NotFoundError',
  message,
  param,
});

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...headers,
  });
  response.end(body);
}

export function sendError(
  response: ServerResponse,
  error: AnswerError,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { status, type, message, param } = error;
  sendJson(response, { error: { message, type, param, code: status } }, status, headers);
}
