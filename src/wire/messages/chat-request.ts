import { fault } from '../../kernel/index.ts';
import { scanBody } from '../scan-body.ts';
import { parseField, readBoolean, wrongType } from '../read-field.ts';
import { isObject } from '../usage.ts';
import { messagesOf } from './chat-messages.ts';
import type { Json } from './chat-messages.ts';

/** A request of the messages surface as chat completions. */
export interface ChatOfMessages {
  readonly chat: Buffer;
  readonly isStream: boolean;
  /** What the client says of whom it asks for (`metadata.user_id`); null: nothing. */
  readonly userId: string | null;
}

/** Members that chat calls the same. */
const SHARED = ['model', 'max_tokens', 'temperature', 'top_p', 'top_k', 'bourse'] as const;
/** Members for Anthropic's own servers alone. */
const KEPT = [
  'thinking',
  'metadata',
  'service_tier',
  'context_management',
  'inference_geo',
] as const;
/** Members that ask for what does not run here, and the remedy. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['mcp_servers', 'call the servers from the client, and offer their tools'],
  ['container', 'nothing is kept between requests, leave it out'],
]);
const TRANSLATED = new Set([
  'messages',
  'system',
  'stop_sequences',
  'stream',
  'tools',
  'tool_choice',
  'output_config',
]);
/** OpenAI's servers refuse a longer `user`. */
const USER_CHARS_MAX = 64;

/**
 * A request of the messages surface as chat completions, which is what policy, market and engines read.
 * What chat has no place for stands in the member `anthropic`, for Anthropic's own servers, and is taken
 * out for all others. Throws a fault that names the member where it cannot be put as chat.
 */
export function chatFromMessages(bytes: Buffer, betas: string | null): ChatOfMessages {
  const body = scanBody(bytes);
  for (const [field, remedy] of REFUSED) {
    const value = parseField(body, field);
    if (isPresent(value) && !(Array.isArray(value) && value.length === 0)) {
      throw unsupported(field, remedy);
    }
  }
  const own: Record<string, unknown> = {};
  const chat: Record<string, unknown> = {};
  for (const field of SHARED) if (body.fields.has(field)) chat[field] = parseField(body, field);
  for (const field of KEPT) {
    const value = parseField(body, field);
    if (isPresent(value)) own[field] = value;
  }
  const read = messagesOf(parseField(body, 'system'), parseField(body, 'messages'));
  chat['messages'] = read.messages;
  addStops(chat, parseField(body, 'stop_sequences'));
  const hasMarks = addTools(chat, parseField(body, 'tools')) || read.hasMarks;
  addChoice(chat, parseField(body, 'tool_choice'));
  addOutput(chat, parseField(body, 'output_config'));
  for (const field of body.fields.keys()) {
    if (!isKnown(field)) chat[field] = parseField(body, field);
  }
  const userId = userIn(own['metadata']);
  if (userId !== null && userId.length <= USER_CHARS_MAX) chat['user'] = userId;
  const isStream = readBoolean(body, 'stream') === true;
  if (isStream) {
    chat['stream'] = true;
    chat['stream_options'] = { include_usage: true };
  }
  if (betas !== null) own['betas'] = betas;
  if (hasMarks || Object.keys(own).length > 0) chat['anthropic'] = own;
  return { chat: Buffer.from(JSON.stringify(chat)), isStream, userId };
}

const isKnown = (field: string): boolean =>
  TRANSLATED.has(field) ||
  REFUSED.has(field) ||
  (SHARED as readonly string[]).includes(field) ||
  (KEPT as readonly string[]).includes(field) ||
  field === 'anthropic';

function userIn(metadata: unknown): string | null {
  const user = isObject(metadata) ? metadata['user_id'] : null;
  return typeof user === 'string' && user !== '' ? user : null;
}

function addStops(chat: Record<string, unknown>, stops: unknown): void {
  if (!isPresent(stops)) return;
  if (!Array.isArray(stops)) throw wrongType('stop_sequences', 'an array of strings');
  if (stops.length > 0) chat['stop'] = stops;
}

/** Returns whether a tool has a mark that chat has no place for. */
function addTools(chat: Record<string, unknown>, tools: unknown): boolean {
  if (!isPresent(tools)) return false;
  if (!Array.isArray(tools)) throw wrongType('tools', 'an array');
  if (tools.length === 0) return false;
  const made = (tools as readonly unknown[]).map((tool, i) => toolOf(tool, `tools[${i}]`));
  chat['tools'] = made;
  return made.some((tool) => tool['cache_control'] !== undefined);
}

function toolOf(tool: unknown, place: string): Json {
  if (!isObject(tool)) throw wrongType(place, 'an object');
  const { type, name, description, input_schema: schema, strict, cache_control: mark } = tool;
  if (isPresent(type) && type !== 'custom') {
    const given = typeof type === 'string' ? `: ${type.slice(0, 64)}` : '';
    const remedy = 'tools of the provider do not run here, offer tools with an input_schema';
    throw unsupported(`${place}.type${given}`, remedy, `${place}.type`);
  }
  if (typeof name !== 'string') throw wrongType(`${place}.name`, 'a string');
  return {
    type: 'function',
    function: {
      name,
      ...(isPresent(description) && { description }),
      parameters: schema ?? { type: 'object', properties: {} },
      ...(strict === true && { strict }),
    },
    ...(isObject(mark) && { cache_control: mark }),
  };
}

function addChoice(chat: Record<string, unknown>, choice: unknown): void {
  if (!isPresent(choice)) return;
  if (!isObject(choice)) throw wrongType('tool_choice', 'an object');
  const { type, name } = choice;
  if (type === 'tool') chat['tool_choice'] = { type: 'function', function: { name } };
  else if (type === 'any') chat['tool_choice'] = 'required';
  else if (type === 'auto' || type === 'none') chat['tool_choice'] = type;
  else throw wrongType('tool_choice.type', '"auto", "any", "tool" or "none"');
  if (choice['disable_parallel_tool_use'] === true) chat['parallel_tool_calls'] = false;
}

function addOutput(chat: Record<string, unknown>, output: unknown): void {
  if (!isPresent(output)) return;
  if (!isObject(output)) throw wrongType('output_config', 'an object');
  const { format, effort } = output;
  if (typeof effort === 'string') chat['reasoning_effort'] = effort === 'max' ? 'high' : effort;
  if (isObject(format) && format['type'] === 'json_schema') {
    const schema = { name: 'answer', schema: format['schema'], strict: true };
    chat['response_format'] = { type: 'json_schema', json_schema: schema };
  }
}

const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

const unsupported = (field: string, remedy: string, param = field): Error =>
  fault('BRS_FIELD_UNSUPPORTED', { field, remedy }, { param });
