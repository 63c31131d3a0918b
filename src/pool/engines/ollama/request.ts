import type { Instance } from '../../../contract/index.ts';
import { fault } from '../../../kernel/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** Members of chat completions that are options of the model here. */
const OPTIONS: readonly (readonly [string, string])[] = [
  ['max_tokens', 'num_predict'],
  ['max_completion_tokens', 'num_predict'],
  ['temperature', 'temperature'],
  ['top_p', 'top_p'],
  ['top_k', 'top_k'],
  ['min_p', 'min_p'],
  ['seed', 'seed'],
  ['stop', 'stop'],
  ['presence_penalty', 'presence_penalty'],
  ['frequency_penalty', 'frequency_penalty'],
  ['repetition_penalty', 'repeat_penalty'],
];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPresent = (value: unknown): boolean => value !== null && value !== undefined;

/** Chat completions as `POST /api/chat` takes them. */
export function ollamaRequest(bytes: Buffer, instance: Instance): Buffer {
  const chat = JSON.parse(bytes.toString()) as Json;
  if (isPresent(chat['n']) && chat['n'] !== 1) {
    throw unsupported('n', 'ask once for each answer');
  }
  const { keepAlive } = instance.options ?? {};
  const tools = chat['tools'];
  const format = formatOf(chat['response_format']);
  const think = thinkOf(chat);
  const body = {
    model: chat['model'],
    messages: messagesOf(chat['messages']),
    ...(Array.isArray(tools) && tools.length > 0 && chat['tool_choice'] !== 'none' && { tools }),
    ...(format !== undefined && { format }),
    ...(think !== undefined && { think }),
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    options: optionsOf(chat, instance),
    stream: chat['stream'] === true,
  };
  return Buffer.from(JSON.stringify(body));
}

function optionsOf(chat: Json, instance: Instance): Json {
  const options: Record<string, unknown> = {};
  for (const [name, own] of OPTIONS) {
    const value = chat[name];
    if (isPresent(value)) options[own] = own === 'stop' && !Array.isArray(value) ? [value] : value;
  }
  const contextTokens = instance.options?.['contextTokens'];
  if (contextTokens !== undefined) options['num_ctx'] = contextTokens;
  return options;
}

/** A schema stands for itself. */
function formatOf(format: unknown): unknown {
  if (!isObject(format)) return undefined;
  if (format['type'] === 'json_object') return 'json';
  if (format['type'] !== 'json_schema') return undefined;
  const schema = format['json_schema'];
  return isObject(schema) ? schema['schema'] : undefined;
}

/** Whether the model thinks: as the effort says, or the switch of its chat template. */
function thinkOf(chat: Json): unknown {
  const effort = chat['reasoning_effort'];
  if (typeof effort === 'string') {
    if (effort === 'none') return false;
    return String(chat['model']).includes('gpt-oss') ? effort : true;
  }
  const template = chat['chat_template_kwargs'];
  if (!isObject(template)) return undefined;
  const switched = template['enable_thinking'] ?? template['thinking'];
  return typeof switched === 'boolean' ? switched : undefined;
}

function messagesOf(messages: unknown): readonly Json[] {
  if (!Array.isArray(messages)) return [];
  const names = new Map<unknown, unknown>();
  return (messages as readonly unknown[]).map((message, i) =>
    messageOf(isObject(message) ? message : {}, `messages[${i}]`, names),
  );
}

/** `names` holds the tools by the ids of their calls: a result goes by the name here. */
function messageOf(message: Json, place: string, names: Map<unknown, unknown>): Json {
  const { role, content, tool_calls: calls, reasoning_content: thought } = message;
  const { text, images } = partsOf(content, place);
  const out: Record<string, unknown> = {
    role: role === 'developer' ? 'system' : role,
    content: text,
  };
  if (images.length > 0) out['images'] = images;
  if (typeof thought === 'string' && thought !== '') out['thinking'] = thought;
  if (Array.isArray(calls) && calls.length > 0) {
    out['tool_calls'] = (calls as readonly unknown[]).map((call, i) =>
      callOf(call, `${place}.tool_calls[${i}]`, names),
    );
  }
  if (role === 'tool') {
    const name = names.get(message['tool_call_id']);
    if (name !== undefined) out['tool_name'] = name;
  }
  return out;
}

function callOf(call: unknown, place: string, names: Map<unknown, unknown>): Json {
  const body = isObject(call) && isObject(call['function']) ? call['function'] : {};
  const { name, arguments: given } = body;
  if (isObject(call)) names.set(call['id'], name);
  try {
    const text = typeof given === 'string' && given !== '' ? given : '{}';
    return { function: { name, arguments: JSON.parse(text) as unknown } };
  } catch {
    throw fault(
      'BRS_FIELD_TYPE',
      { field: `${place}.function.arguments`, expected: 'the text of a JSON object' },
      { param: place },
    );
  }
}

interface Parts {
  readonly text: string;
  /** Base64, without the head of a data URL. */
  readonly images: readonly string[];
}

function partsOf(content: unknown, place: string): Parts {
  if (!Array.isArray(content)) {
    return { text: typeof content === 'string' ? content : '', images: [] };
  }
  const texts: string[] = [];
  const images: string[] = [];
  for (const [i, part] of (content as readonly unknown[]).entries()) {
    if (!isObject(part)) continue;
    if (typeof part['text'] === 'string') texts.push(part['text']);
    else if (part['type'] === 'image_url') images.push(imageOf(part, `${place}.content[${i}]`));
    else throw unsupported(`${place}.content[${i}]`, 'this server takes text and pictures');
  }
  return { text: texts.join('\n'), images };
}

function imageOf(part: Json, place: string): string {
  const holder = part['image_url'];
  const url = isObject(holder) ? holder['url'] : holder;
  const comma = typeof url === 'string' && url.startsWith('data:') ? url.indexOf(';base64,') : -1;
  if (comma < 0) {
    throw unsupported(`${place}.image_url`, 'this server fetches nothing: send a data: URL');
  }
  return (url as string).slice(comma + ';base64,'.length);
}

const unsupported = (field: string, remedy: string): Error =>
  fault('BRS_FIELD_UNSUPPORTED', { field, remedy }, { param: field });
