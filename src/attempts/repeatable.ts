import type { RequestBody, Workload } from '../contract/index.ts';
import { isObject, parseField } from '../wire/index.ts';

/** Members that tie a request to what a server keeps, or leave something behind there. */
const STATEFUL = ['previous_response_id', 'conversation', 'background', 'web_search_options'];
/** Tools that the client itself runs: calling one twice is up to it. */
const CLIENT_TOOLS = new Set(['function', 'custom']);

/**
 * Whether a request may be asked twice: it leaves nothing behind, and no server runs a tool for it. The
 * responses surface keeps answers unless it is told not to. Embeddings are never asked of another model.
 */
export function mayRepeat({ surface, body, choices }: Workload): boolean {
  if (surface === 'embeddings' || choices > 1) return false;
  for (const key of STATEFUL) if (isSet(body, key)) return false;
  const store = fieldOf(body, 'store');
  if (surface === 'responses' ? store !== false : store === true) return false;
  if (!isSet(body, 'tools')) return true;
  const tools = fieldOf(body, 'tools');
  if (!Array.isArray(tools)) return false;
  return (tools as unknown[]).every(
    (tool) => isObject(tool) && CLIENT_TOOLS.has(String(tool['type'])),
  );
}

function isSet(body: RequestBody, key: string): boolean {
  if (!body.fields.has(key)) return false;
  const value = fieldOf(body, key);
  return value !== null && value !== false;
}

function fieldOf(body: RequestBody, key: string): unknown {
  try {
    return parseField(body, key);
  } catch {
    return undefined;
  }
}
