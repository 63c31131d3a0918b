import { fault } from '../kernel/index.ts';
import { wrongType } from './read-field.ts';
import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

interface AssistantMessage {
  role: 'assistant';
  content: unknown;
  tool_calls?: Json[];
}

/** The `input` of a responses request as chat messages, behind its instructions. */
export function messagesFromInput(input: unknown, instructions: unknown): readonly Json[] {
  const messages: Json[] = [];
  if (typeof instructions === 'string') messages.push({ role: 'system', content: instructions });
  else if (instructions !== null && instructions !== undefined) {
    throw wrongType('instructions', 'a string');
  }
  if (typeof input === 'string') {
    messages.push({ role: 'user', content: input });
    return messages;
  }
  if (!Array.isArray(input)) throw wrongType('input', 'a string or an array of items');
  let last: AssistantMessage | null = null;
  for (const [index, item] of (input as readonly unknown[]).entries()) {
    const place = `input[${index}]`;
    if (!isObject(item)) throw wrongType(place, 'an object');
    if (item['type'] === 'function_call') {
      // A message of the assistant and the calls right behind it were one message.
      if (last === null) {
        last = { role: 'assistant', content: null };
        messages.push(last as unknown as Json);
      }
      (last.tool_calls ??= []).push(callOf(item, place));
      continue;
    }
    // What the model thought is of no use to a model that takes chat messages.
    if (item['type'] === 'reasoning') continue;
    const message = messageOf(item, place);
    last = message['role'] === 'assistant' ? (message as unknown as AssistantMessage) : null;
    messages.push(message);
  }
  return messages;
}

function messageOf(item: Json, place: string): Json {
  const type = item['type'] ?? 'message';
  if (type === 'function_call_output') {
    return {
      role: 'tool',
      tool_call_id: stringAt(item, 'call_id', place),
      content: contentOf(item['output'], `${place}.output`, true),
    };
  }
  if (type !== 'message')
    throw unsupported(`${place}.type`, type, 'message, function_call and function_call_output');
  const role = stringAt(item, 'role', place);
  if (role === 'assistant') {
    return { role, content: contentOf(item['content'], `${place}.content`, true) };
  }
  // Chat templates know no developer.
  const chatRole = role === 'developer' ? 'system' : role;
  return {
    role: chatRole,
    content: contentOf(item['content'], `${place}.content`, chatRole === 'system'),
  };
}

function callOf(item: Json, place: string): Json {
  return {
    id: stringAt(item, 'call_id', place),
    type: 'function',
    function: {
      name: stringAt(item, 'name', place),
      arguments: stringAt(item, 'arguments', place),
    },
  };
}

/** Parts of text alone become one string where `isJoined`: engines' templates expect it of these roles. */
function contentOf(content: unknown, place: string, isJoined: boolean): unknown {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw wrongType(place, 'a string or an array of parts');
  const parts = (content as readonly unknown[]).map((part, index) =>
    partOf(part, `${place}[${index}]`),
  );
  const isText = parts.every((part) => part['type'] === 'text');
  if (isText && (isJoined || parts.length === 1)) return parts.map((part) => part['text']).join('');
  return parts;
}

function partOf(part: unknown, place: string): Json {
  if (!isObject(part)) throw wrongType(place, 'an object');
  const type = part['type'];
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: stringAt(part, 'text', place) };
    case 'refusal':
      return { type: 'text', text: stringAt(part, 'refusal', place) };
    case 'input_image': {
      const url = part['image_url'];
      if (typeof url !== 'string')
        throw unsupported(`${place}.file_id`, 'file_id', 'image_url with a URL or a data: URL');
      const detail = typeof part['detail'] === 'string' ? { detail: part['detail'] } : {};
      return { type: 'image_url', image_url: { url, ...detail } };
    }
    case 'input_audio':
      return { type, input_audio: part['input_audio'] };
    case 'input_file': {
      const { file_data: data, filename } = part;
      if (typeof data !== 'string') throw unsupported(`${place}.file_id`, 'file_id', 'file_data');
      return {
        type: 'file',
        file: typeof filename === 'string' ? { filename, file_data: data } : { file_data: data },
      };
    }
    default:
      throw unsupported(
        `${place}.type`,
        type,
        'input_text, output_text, input_image, input_audio and input_file',
      );
  }
}

function stringAt(value: Json, key: string, place: string): string {
  const text = value[key];
  if (typeof text !== 'string') throw wrongType(`${place}.${key}`, 'a string');
  return text;
}

function unsupported(param: string, given: unknown, known: string): Error {
  const field = typeof given === 'string' ? `${param}: ${given.slice(0, 64)}` : param;
  return fault('BRS_FIELD_UNSUPPORTED', { field, remedy: `use ${known}` }, { param });
}
