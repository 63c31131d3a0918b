import { createRequire } from 'node:module';
import type * as Undici from 'undici';

const load = createRequire(import.meta.url);

/**
 * The connection pools of undici, taken from their own files: its index loads a `fetch`, WebSockets,
 * caches and mocks besides, 3 MB of heap and 65 ms of CPU in each thread. The version is pinned, and a
 * test holds these against the index.
 */
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof Undici.Pool;
export type Pool = Undici.Pool;
export const Client = load('undici/lib/dispatcher/client.js') as typeof Undici.Client;
export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export type Agent = Undici.Agent;

type RequestOptions = Undici.Dispatcher.RequestOptions;
type Send = (
  this: Undici.Dispatcher,
  options: RequestOptions,
) => Promise<Undici.Dispatcher.ResponseData>;

const send = load('undici/lib/api/api-request.js') as Send;

export interface PooledRequest extends Omit<RequestOptions, 'origin' | 'path'> {
  readonly dispatcher: Undici.Dispatcher;
}

/** One request through an agent or a pool, as undici's own `request`; rejects with a `TypeError` for what is no URL. */
export async function request(
  url: string,
  { dispatcher, ...options }: PooledRequest,
): Promise<Undici.Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url);
  return send.call(dispatcher, { ...options, origin, path: pathname + search });
}
