import { isObject, listOf, textOf, unsupported, wrongType } from './json.ts';
import type { Json } from './json.ts';

export interface Conversation {
  /** Text blocks. */
  readonly system: readonly Json[];
  readonly messages: readonly Json[];
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: Json[];
}

/**
 * Chat messages as Anthropic has them: the system's apart, results of tools in the user's turn, and
 * turns of one role joined, since two in a row are refused.
 */
export function conversationOf(messages: unknown): Conversation {
  const system: Json[] = [];
  const turns: Turn[] = [];
  for (const [i, message] of listOf(messages).entries()) {
    const place = `messages[${i}]`;
    if (!isObject(message)) throw wrongType(place, 'an object');
    const { role } = message;
    if (role === 'system' || role === 'developer') {
      system.push(...blocksOf(message['content'], place));
      continue;
    }
    const content =
      role === 'assistant'
        ? saidBlocks(message, place)
        : role === 'tool'
          ? [resultBlock(message, place)]
          : blocksOf(message['content'], place);
    const name = role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === name) last.content.push(...content);
    else if (content.length > 0) turns.push({ role: name, content: [...content] });
  }
  return { system: system.filter(isNotEmpty), messages: turns.map(finished) };
}

/** Anthropic refuses empty texts, and white space at the end of an answer that it is to go on with. */
function finished({ role, content }: Turn, i: number, turns: readonly Turn[]): Json {
  const blocks = content.filter(isNotEmpty);
  const last = blocks.at(-1);
  if (role === 'assistant' && i === turns.length - 1 && last?.['type'] === 'text') {
    blocks[blocks.length - 1] = { ...last, text: textOf(last['text']).trimEnd() };
  }
  return { role, content: blocks.filter(isNotEmpty) };
}

const isNotEmpty = (block: Json): boolean => block['type'] !== 'text' || block['text'] !== '';

/** Thinking first, as it was said, then the text, then the calls. */
function saidBlocks(message: Json, place: string): Json[] {
  const blocks = listOf(message['thinking_blocks']).filter(isSigned);
  blocks.push(...blocksOf(message['content'], place));
  if (typeof message['refusal'] === 'string') {
    blocks.push({ type: 'text', text: message['refusal'] });
  }
  for (const [i, call] of listOf(message['tool_calls']).entries()) {
    blocks.push(callBlock(call, `${place}.tool_calls[${i}]`));
  }
  return blocks;
}

/** Thoughts of other models have no signature, and are refused. */
function isSigned(block: unknown): block is Json {
  if (!isObject(block)) return false;
  if (block['type'] === 'redacted_thinking') return true;
  return block['type'] === 'thinking' && textOf(block['signature']) !== '';
}

function callBlock(call: unknown, place: string): Json {
  const body = isObject(call) ? call['function'] : null;
  if (!isObject(call) || !isObject(body)) throw unsupported(place, 'call functions');
  return {
    type: 'tool_use',
    id: call['id'],
    name: body['name'],
    input: inputOf(body['arguments'], `${place}.function.arguments`),
    ...markOf(call),
  };
}

function inputOf(text: unknown, place: string): unknown {
  if (typeof text !== 'string' || text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw wrongType(place, 'the text of a JSON object');
  }
}

function resultBlock(message: Json, place: string): Json {
  const { content } = message;
  return {
    type: 'tool_result',
    tool_use_id: message['tool_call_id'],
    content: typeof content === 'string' ? content : blocksOf(content, place),
    ...(message['is_error'] === true && { is_error: true }),
    ...markOf(message),
  };
}

const markOf = (holder: Json): Json =>
  isObject(holder['cache_control']) ? { cache_control: holder['cache_control'] } : {};

function blocksOf(content: unknown, place: string): Json[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return listOf(content).map((part, i) => blockOf(part, `${place}.content[${i}]`));
}

function blockOf(part: unknown, place: string): Json {
  if (typeof part === 'string') return { type: 'text', text: part };
  if (!isObject(part)) throw wrongType(place, 'an object');
  switch (part['type']) {
    case 'text':
      return { type: 'text', text: part['text'], ...markOf(part) };
    case 'refusal':
      return { type: 'text', text: part['refusal'] };
    case 'image_url':
      return {
        type: 'image',
        source: sourceOf(part['image_url'], `${place}.image_url`),
        ...markOf(part),
      };
    case 'file':
      return { type: 'document', ...documentOf(part['file'], place), ...markOf(part) };
    default:
      throw unsupported(`${place}.type`, 'this server takes text, pictures and PDF files');
  }
}

function documentOf(file: unknown, place: string): Json {
  const data = isObject(file) ? file['file_data'] : null;
  if (typeof data !== 'string') throw unsupported(`${place}.file.file_id`, 'send file_data');
  const title = isObject(file) ? file['filename'] : null;
  return { source: sourceOf(data, `${place}.file`), ...(typeof title === 'string' && { title }) };
}

/** A `data:` URL as base64, any other as it is. */
function sourceOf(holder: unknown, place: string): Json {
  const url = isObject(holder) ? holder['url'] : holder;
  if (typeof url !== 'string') throw wrongType(place, 'a URL');
  if (!url.startsWith('data:')) return { type: 'url', url };
  const comma = url.indexOf(';base64,');
  if (comma < 0) throw unsupported(place, 'write the data in base64');
  const data = url.slice(comma + ';base64,'.length);
  return { type: 'base64', media_type: url.slice('data:'.length, comma), data };
}
