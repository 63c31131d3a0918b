import type { OfflineRequest } from '../../contract/index.ts';
import { Findings } from '../document/place.ts';
import { membersOf } from '../document/raw.ts';
import { offlineRequestSchema } from '../schema/tests.ts';
import { validateBy } from '../schema/validate.ts';

/** A request to decide, or the first thing that is wrong with it; `place` is a path such as `assume.domain`. */
export type OfflineRequestRead =
  | { readonly kind: 'request'; readonly request: OfflineRequest }
  | { readonly kind: 'wrong'; readonly place: string; readonly reason: string };

/** Reads a request as JSON gives it: the form that `tests` of a policy have, or a client's body. */
export function readOfflineRequest(value: unknown): OfflineRequestRead {
  const findings = new Findings(new Map());
  const document = { value: requestForm(value), findings, substituted: new Set<string>() };
  const read = validateBy(offlineRequestSchema, document);
  if (read !== null) return { kind: 'request', request: offlineRequestOf(read) };
  const { path, message, suggestion } = findings.problems[0]!;
  const hint = suggestion === null ? '' : `: did you mean "${suggestion}"?`;
  return { kind: 'wrong', place: path === '' ? 'the request' : path, reason: `${message}${hint}` };
}

const FORM_KEYS = ['text', 'body', 'bytes'];

/** A body as a client sends it stands for a request that is nothing but it; anything else is left as it is. */
export function requestForm(value: unknown): unknown {
  const members = membersOf(value);
  if (FORM_KEYS.some((key) => members[key] !== undefined)) return value;
  const isBody = ['messages', 'prompt', 'input'].some((key) => members[key] !== undefined);
  return isBody ? { body: value } : value;
}

/** Names of headers are told apart in lower case. */
export function offlineRequestOf(read: RequestForm): OfflineRequest {
  const given = Object.entries(read).filter(([, member]) => member !== undefined);
  const request = Object.fromEntries(given) as OfflineRequest;
  if (read.headers === undefined) return request;
  const headers = Object.entries(read.headers).map(([name, text]) => [name.toLowerCase(), text]);
  return { ...request, headers: Object.fromEntries(headers) as Record<string, string> };
}

type RequestForm = NonNullable<ReturnType<typeof offlineRequestSchema.parse>>;
