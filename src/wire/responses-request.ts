import type { RequestBody } from '../contract/index.ts';
import { fault } from '../kernel/index.ts';
import { parseField, readBoolean, readString, wrongType } from './read-field.ts';
import { messagesFromInput } from './responses-input.ts';
import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

const WHOLE_CONVERSATION =
  'nothing is stored between requests, send the whole conversation in "input"';

/** Members that ask for what a stateless translation cannot give, and the remedy. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['previous_response_id', WHOLE_CONVERSATION],
  ['conversation', WHOLE_CONVERSATION],
  ['prompt', 'stored prompts are unknown here, send the text in "instructions" and "input"'],
]);

/** Members that are translated one by one, or mean nothing to a stateless chat engine. */
const NOT_PASSED = new Set([
  'background',
  'bourse',
  'include',
  'input',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'model',
  'prompt_cache_retention',
  'reasoning',
  'store',
  'stream',
  'stream_options',
  'text',
  'tool_choice',
  'tools',
  'truncation',
]);

/**
 * A responses request as a chat completions request, for engines that have no responses surface.
 * Members that both surfaces have, and unknown ones, pass as they are; what cannot be translated is
 * refused with `BRS_FIELD_UNSUPPORTED` and the remedy. A stream always asks for its usage, since a
 * response ends with it.
 */
export function chatFromResponses(body: RequestBody): Buffer {
  refuseState(body);
  const chat: Record<string, unknown> = {
    model: readString(body, 'model'),
    messages: messagesFromInput(parseField(body, 'input'), parseField(body, 'instructions')),
  };
  for (const key of body.fields.keys()) {
    if (NOT_PASSED.has(key) || REFUSED.has(key)) continue;
    const value = parseField(body, key);
    if (value !== null) chat[key] = value;
  }
  const ceiling = parseField(body, 'max_output_tokens');
  if (isPresent(ceiling)) chat['max_tokens'] = ceiling;
  const effort = memberOf(body, 'reasoning', 'effort');
  if (isPresent(effort)) chat['reasoning_effort'] = effort;
  addText(chat, body);
  addTools(chat, body);
  if (readBoolean(body, 'stream') === true) {
    chat['stream'] = true;
    chat['stream_options'] = { include_usage: true };
  }
  return Buffer.from(JSON.stringify(chat));
}

function refuseState(body: RequestBody): void {
  for (const [field, remedy] of REFUSED) {
    if (isPresent(parseField(body, field))) throw unsupported(field, remedy);
  }
  if (readBoolean(body, 'background') === true) {
    throw unsupported('background', 'leave it out and wait for the answer');
  }
  const truncation = readString(body, 'truncation');
  if (truncation !== null && truncation !== 'disabled') {
    throw unsupported('truncation', 'shorten "input" yourself');
  }
  const include = parseField(body, 'include');
  if (!isPresent(include)) return;
  if (!Array.isArray(include)) throw wrongType('include', 'an array of strings');
  for (const item of include as readonly unknown[]) {
    // Reasoning comes in the clear, so there is nothing to send back encrypted.
    if (item !== 'reasoning.encrypted_content') throw unsupported('include', 'leave it out');
  }
}

/** `text.format` is `response_format` in other words. */
function addText(chat: Record<string, unknown>, body: RequestBody): void {
  const verbosity = memberOf(body, 'text', 'verbosity');
  if (isPresent(verbosity)) chat['verbosity'] = verbosity;
  const format = memberOf(body, 'text', 'format');
  if (!isPresent(format)) return;
  if (!isObject(format)) throw wrongType('text.format', 'an object');
  const { type, ...schema } = format;
  if (type === 'json_schema') chat['response_format'] = { type, json_schema: schema };
  else if (type === 'json_object') chat['response_format'] = { type };
  else if (type !== 'text')
    throw wrongType('text.format.type', '"text", "json_object" or "json_schema"');
}

function addTools(chat: Record<string, unknown>, body: RequestBody): void {
  const tools = parseField(body, 'tools');
  if (isPresent(tools)) {
    if (!Array.isArray(tools)) throw wrongType('tools', 'an array');
    const translated = (tools as readonly unknown[]).map((tool, index) =>
      toolOf(tool, `tools[${index}]`),
    );
    if (translated.length > 0) chat['tools'] = translated;
  }
  const choice = parseField(body, 'tool_choice');
  if (!isPresent(choice)) return;
  if (typeof choice === 'string') {
    chat['tool_choice'] = choice;
  } else if (isObject(choice) && choice['type'] === 'function') {
    chat['tool_choice'] = { type: 'function', function: { name: choice['name'] } };
  } else {
    throw unsupported('tool_choice', 'use "auto", "none", "required" or one function');
  }
}

function toolOf(tool: unknown, place: string): Json {
  if (!isObject(tool)) throw wrongType(place, 'an object');
  const { type, ...definition } = tool;
  if (type !== 'function') {
    const given = typeof type === 'string' ? `: ${type.slice(0, 64)}` : '';
    throw unsupported(
      `${place}.type${given}`,
      'hosted tools do not run here, offer function tools',
      `${place}.type`,
    );
  }
  if (typeof definition['name'] !== 'string') throw wrongType(`${place}.name`, 'a string');
  return { type, function: definition };
}

function memberOf(body: RequestBody, field: string, member: string): unknown {
  const value = parseField(body, field);
  if (!isPresent(value)) return null;
  if (!isObject(value)) throw wrongType(field, 'an object');
  return value[member];
}

const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

const unsupported = (field: string, remedy: string, param = field): Error =>
  fault('BRS_FIELD_UNSUPPORTED', { field, remedy }, { param });
