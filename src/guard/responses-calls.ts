import { ResponsesOutput, isObject } from '../wire/index.ts';
import type { Json } from './chat-call.ts';
import { textOf } from './chat-call.ts';
import type { CalledTool } from './tool-judge.ts';

const CALLED_BY_NAME = new Set(['function_call', 'custom_tool_call']);
const CALL_SUFFIX = '_call';

/** The call that an item of the responses surface is; null where it is none. */
export function callOf(item: unknown): CalledTool | null {
  if (!isObject(item)) return null;
  const type = textOf(item['type']);
  const name = textOf(item['name']);
  if (CALLED_BY_NAME.has(type)) return { names: [name], isHosted: false };
  if (type === 'mcp_approval_request') return { names: ['mcp', name], isHosted: true };
  if (!type.endsWith(CALL_SUFFIX)) return null;
  const hosted = type.slice(0, -CALL_SUFFIX.length);
  return { names: name === '' ? [hosted] : [hosted, name], isHosted: true };
}

/** Whether an item says something to whoever reads the answer. */
export const isMessage = (item: unknown): boolean =>
  isObject(item) &&
  item['type'] === 'message' &&
  Array.isArray(item['content']) &&
  item['content'].length > 0;

/** A message at `place` of an output: its item, and the events that a stream makes of it. */
export function cannedMessage(
  text: string,
  id: string,
  place: number,
): { readonly item: Json; readonly events: readonly Json[] } {
  const events: Json[] = [];
  const output = new ResponsesOutput(id, (type, fields) =>
    events.push({ type, ...fields, output_index: place }),
  );
  output.addText('output_text', text);
  return { item: output.finish('completed')[0]!, events };
}
