import type { Ingress, RequestBody, Surface } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import type { SessionId } from '../kernel/index.ts';
import { parseField, readBoolean, readNumber, readString, wrongType } from '../wire/index.ts';

/** Ids that a client makes up are kept in tables: longer ones are refused, not cut, since two could become one. */
const ID_CHARS_MAX = 512;
const CHOICES_MAX = 128;
const SESSION_HEADERS = ['x-session-id', 'x-conversation-id', 'x-bourse-session'] as const;

/** A header by its lower-case name; of several, the first. */
export function headerOf(ingress: Ingress, name: string): string | undefined {
  const value = ingress.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function readModel(body: RequestBody): string {
  const model = readString(body, 'model');
  if (model === null) throw missing('model');
  if (model === '' || model.length > ID_CHARS_MAX) {
    throw wrongType('model', `a string of 1 to ${ID_CHARS_MAX} characters`);
  }
  return model;
}

export function readUser(body: RequestBody): string | null {
  const user = readString(body, 'user');
  return user === null ? null : shortId(user, 'user');
}

/** The session: a header, else the user, else the response that this one continues. */
export function readSession(
  ingress: Ingress,
  body: RequestBody,
  user: string | null,
): SessionId | null {
  for (const name of SESSION_HEADERS) {
    const value = headerOf(ingress, name);
    if (value !== undefined && value !== '') return shortId(value, name) as SessionId;
  }
  if (user !== null && user !== '') return user as SessionId;
  const previous = readString(body, 'previous_response_id');
  return previous === null ? null : (shortId(previous, 'previous_response_id') as SessionId);
}

/** Whether the client asked for usage. The responses surface always sends it. */
export function readWantsStreamUsage(body: RequestBody, surface: Surface): boolean {
  if (surface === 'responses') return true;
  if (!body.fields.has('stream_options')) return false;
  const options = parseField(body, 'stream_options');
  if (options === null) return false;
  if (typeof options !== 'object' || Array.isArray(options)) {
    throw wrongType('stream_options', 'an object');
  }
  const wanted = (options as { include_usage?: unknown }).include_usage;
  if (wanted === undefined || wanted === null) return false;
  if (typeof wanted !== 'boolean') throw wrongType('stream_options.include_usage', 'true or false');
  return wanted;
}

/** The caller's output ceiling in tokens; the first of the three names that is there. */
export function readOutputCeiling(body: RequestBody): number | null {
  const newest = readCount(body, 'max_completion_tokens');
  const usual = readCount(body, 'max_tokens');
  const responses = readCount(body, 'max_output_tokens');
  return newest ?? usual ?? responses;
}

/** Answers per prompt. `best_of` makes the engine generate that many, whatever it gives back. */
export function readChoices(body: RequestBody): number {
  const n = readCount(body, 'n') ?? 1;
  const generated = Math.max(n, readCount(body, 'best_of') ?? 1);
  if (generated > CHOICES_MAX) {
    const field = n > CHOICES_MAX ? 'n' : 'best_of';
    throw wrongType(field, `a whole number from 1 to ${CHOICES_MAX}`);
  }
  return generated;
}

export const readStream = (body: RequestBody): boolean => readBoolean(body, 'stream') ?? false;

export const missing = (field: string): Error =>
  fault('BRS_FIELD_MISSING', { field }, { param: field });

function readCount(body: RequestBody, key: string): number | null {
  const value = readNumber(body, key);
  if (value !== null && !(Number.isSafeInteger(value) && value >= 1)) {
    throw wrongType(key, 'a whole number above 0');
  }
  return value;
}

function shortId(value: string, field: string): string {
  if (value.length > ID_CHARS_MAX)
    throw wrongType(field, `a string of at most ${ID_CHARS_MAX} characters`);
  return value;
}
