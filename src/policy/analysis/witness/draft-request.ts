import type { Assignment, Fact, OfflineRequest } from '../../../contract/index.ts';

/** What a witness's request is made of, before it is one. */
export interface RequestParts {
  readonly model: string;
  readonly text: string;
  readonly roles: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly at: string | null;
  readonly assume: NonNullable<OfflineRequest['assume']>;
  /** What the example says of counts, by the names of their quantities. */
  readonly example: Assignment;
  /** Words of earlier messages. */
  readonly earlier: readonly string[];
  /** Padding that goes before the text, as a system message, to make the prompt longer. */
  readonly paddingBytes: number;
}

/** A one-pixel picture, and a moment of silence. */
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const SILENCE = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
/** No more messages or tools than this are written out. */
const COUNT_MAX = 64;

/** A body where the request is more than a text. */
export function requestOf(parts: RequestParts): OfflineRequest {
  const { model, text, roles, headers, at, assume } = parts;
  const body = bodyOf(parts);
  return {
    ...(body === null ? { text, ...(model !== 'auto' && { model }) } : { body }),
    ...(roles.length > 0 && { roles }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(at !== null && { at }),
    ...(Object.keys(assume).length > 0 && { assume }),
  };
}

/** Null where a text says it all. */
function bodyOf(parts: RequestParts): Readonly<Record<string, unknown>> | null {
  const { example, model, text, earlier, paddingBytes } = parts;
  const count = (name: string): number => {
    const value = example.get(name);
    return typeof value === 'number' ? Math.min(COUNT_MAX, Math.max(0, Math.ceil(value))) : 0;
  };
  const media = mediaOf(example);
  const isInToolLoop = example.get('conversation.toolLoop') === true;
  const messages: Record<string, unknown>[] = earlier.map((word) => system(word));
  if (paddingBytes > 0) messages.push(system(padding(paddingBytes)));
  while (messages.length < count('conversation.systemMessages')) messages.push(system('Be kind.'));
  const turns = Math.max(1, count('conversation.turns'));
  const answers = Math.max(turns - 1, count('conversation.assistantMessages'));
  for (let i = 0; i < answers; i++) {
    if (i < turns - 1) messages.push({ role: 'user', content: 'And then?' });
    messages.push({ role: 'assistant', content: 'Let me see.' });
  }
  messages.push({
    role: 'user',
    content: media.length === 0 ? text : [{ type: 'text', text }, ...media],
  });
  const results = Math.max(count('conversation.toolMessages'), Number(isInToolLoop));
  if (results > 0) messages.push(...toolCalls(results));
  const wanted = count('conversation.messages');
  while (messages.length < wanted) messages.unshift({ role: 'assistant', content: 'Welcome.' });
  const tools = toolsOf(count('conversation.toolCount'));
  if (messages.length === 1 && media.length === 0 && tools.length === 0) return null;
  return { model, messages, ...(tools.length > 0 && { tools }) };
}

const system = (content: string): Record<string, unknown> => ({ role: 'system', content });

function mediaOf(example: Assignment): readonly unknown[] {
  const image = { type: 'image_url', image_url: { url: PICTURE } };
  const audio = { type: 'input_audio', input_audio: { data: SILENCE, format: 'wav' } };
  return [
    ...(example.get('modality image') === true ? [image] : []),
    ...(example.get('modality audio') === true ? [audio] : []),
  ];
}

function toolCalls(results: number): readonly Record<string, unknown>[] {
  const ids = Array.from({ length: results }, (_, i) => `call_${i + 1}`);
  const calls = ids.map((id) => ({
    id,
    type: 'function',
    function: { name: 'look_up', arguments: '{}' },
  }));
  return [
    { role: 'assistant', content: null, tool_calls: calls },
    ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'nothing' })),
  ];
}

function toolsOf(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'function',
    function: { name: `tool_${i + 1}`, parameters: {} },
  }));
}

/** Words of four bytes with their blank. */
const padding = (bytes: number): string => 'and '.repeat(Math.ceil(bytes / 4)).slice(0, bytes);

/** Texts that must stand in the last user text, and in an earlier one. */
export function wordsOf(
  example: Assignment,
  facts: readonly Fact[],
): { readonly last: readonly string[]; readonly earlier: readonly string[] } {
  const last = new Set<string>();
  const earlier = new Set<string>();
  for (const { kind, of } of facts) {
    if (kind !== 'holds' || of.text === undefined || example.get(of.name) !== true) continue;
    (of.name.endsWith('in an earlier text') ? earlier : last).add(of.text);
  }
  return { last: [...last], earlier: [...earlier] };
}

/** Adds to a text until its structure has what the example asks for. */
export function shaped(text: string, example: Assignment): string {
  const wanted = (name: string): number => {
    const value = example.get(`structure.${name}`);
    return typeof value === 'number' ? Math.min(20_000, Math.ceil(value)) : 0;
  };
  if (example.get('structure.isJson') === true) return JSON.stringify({ text });
  const missing = (name: string, found: number): number => Math.max(0, wanted(name) - found);
  const matches = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
  const additions = [
    '?'.repeat(missing('questionMarks', matches(/\?/g))),
    Array.from({ length: missing('numbers', matches(/\d+/g)) }, (_, i) => i + 1).join(' '),
    '```\ncode\n```\n'.repeat(wanted('codeBlocks')),
  ].filter((addition) => addition !== '');
  const words = missing('words', matches(/\S+/g) + additions.length);
  if (words > 0) additions.push('and '.repeat(words).trim());
  const lines = missing('lines', matches(/\n/g) + 1);
  const grown = [text, ...additions].join(
    additions.some((each) => each.includes('\n')) ? '\n' : ' ',
  );
  const whole = grown + '\nand'.repeat(Math.max(0, lines));
  return whole.padEnd(wanted('bytes'), ' and');
}
