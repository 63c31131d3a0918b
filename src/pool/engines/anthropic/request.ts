import type { DialectRequest, Instance } from '../../../contract/index.ts';
import { markForCache } from './cache-marks.ts';
import { isObject, isPresent, listOf, textOf, unsupported } from './json.ts';
import type { Json } from './json.ts';
import { conversationOf } from './conversation.ts';
import { MESSAGES_MEMBER } from '../../../wire/index.ts';

/** Anthropic wants a ceiling; where nobody knows one, this is it. */
const MAX_TOKENS = 4096;
/** Tokens of thinking per effort; the API takes no smaller budget than the first. */
const THINKING_TOKENS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 4096,
  high: 16_384,
};
/** Members of `anthropic` that go on: none of them brings tools, or text that no policy has seen. */
const KEPT = ['metadata', 'service_tier', 'context_management', 'inference_geo'] as const;
/** Members that both have. */
const SHARED = ['model', 'stream', 'top_p', 'top_k'] as const;

/**
 * Chat completions as `POST /v1/messages` takes them. What a request of the messages surface had that
 * chat has no place for stands in its member `anthropic`, and comes back from there.
 */
export function messagesRequest(bytes: Buffer, instance: Instance): DialectRequest {
  const chat = JSON.parse(bytes.toString()) as Json;
  if (isPresent(chat['n']) && chat['n'] !== 1) throw unsupported('n', 'ask once for each answer');
  const own = isObject(chat[MESSAGES_MEMBER]) ? chat[MESSAGES_MEMBER] : {};
  const kept = pick(own, KEPT);
  const { system, messages } = conversationOf(chat['messages']);
  const maxTokens =
    chat['max_completion_tokens'] ??
    chat['max_tokens'] ??
    instance.model.maxOutputTokens ??
    MAX_TOKENS;
  const wanted = thinkingOf(chat, own, Number(maxTokens));
  const thinking = mayThink(messages) ? wanted : undefined;
  const body: Record<string, unknown> = {
    ...kept,
    ...pick(chat, SHARED),
    max_tokens: maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...stopOf(chat['stop']),
    ...toolsOf(chat),
    ...formatOf(chat['response_format']),
    ...(thinking !== undefined && { thinking }),
  };
  // Thinking allows no temperature but 1; OpenAI's goes to 2 and Anthropic's to 1.
  const thinks = isObject(thinking) && thinking['type'] !== 'disabled';
  if (isPresent(chat['temperature']) && !thinks) {
    body['temperature'] = Math.min(1, Number(chat['temperature']));
  }
  const user = chat['user'] ?? chat['safety_identifier'];
  if (typeof user === 'string') body['metadata'] = { ...metadataOf(kept), user_id: user };
  if (instance.options?.['cachePrompts'] === true) markForCache(body);
  const headers = betaHeaders(own['betas'], instance);
  return { body: Buffer.from(JSON.stringify(body)), ...(headers !== null && { headers }) };
}

const metadataOf = (kept: Json): Json => (isObject(kept['metadata']) ? kept['metadata'] : {});

function pick(chat: Json, names: readonly string[]): Json {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (isPresent(chat[name])) picked[name] = chat[name];
  return picked;
}

/** Those of the request beside those of the instance. */
function betaHeaders(betas: unknown, instance: Instance): Readonly<Record<string, string>> | null {
  if (typeof betas !== 'string' || betas === '') return null;
  const all = [instance.options?.['beta'], betas].filter((beta) => beta !== undefined);
  return { 'anthropic-beta': all.join(',') };
}

function stopOf(stop: unknown): Json {
  const list = typeof stop === 'string' ? [stop] : listOf(stop);
  // Anthropic refuses sequences of white space alone.
  const sequences = list.filter((each) => textOf(each).trim() !== '');
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

/** A budget as it is given, or one for the effort; it has to leave room for the answer. */
function thinkingOf(chat: Json, own: Json, maxTokens: number): Json | undefined {
  if (isObject(chat['thinking'])) return chat['thinking'];
  if (isObject(own['thinking'])) return own['thinking'];
  const effort = chat['reasoning_effort'];
  if (typeof effort !== 'string') return undefined;
  if (effort === 'none') return { type: 'disabled' };
  const wanted = THINKING_TOKENS[effort] ?? THINKING_TOKENS['high']!;
  const budget = Math.min(wanted, Math.floor(maxTokens / 2));
  return budget < THINKING_TOKENS['low']! ? undefined : { type: 'enabled', budget_tokens: budget };
}

/** A turn that called tools has to begin with its thoughts, where any are asked for: without them, none may be. */
function mayThink(messages: readonly Json[]): boolean {
  const said = messages.findLast(({ role }) => role === 'assistant');
  const blocks = listOf(said?.['content']).filter(isObject);
  const hasCalled = blocks.some(({ type }) => type === 'tool_use');
  const first = blocks[0]?.['type'];
  return !hasCalled || first === 'thinking' || first === 'redacted_thinking';
}

function toolsOf(chat: Json): Json {
  const tools = listOf(chat['tools']).map((tool, i) => toolOf(tool, `tools[${i}]`));
  if (tools.length === 0) return {};
  const choice = choiceOf(chat['tool_choice'], chat['parallel_tool_calls']);
  return { tools, ...(choice !== null && { tool_choice: choice }) };
}

function toolOf(tool: unknown, place: string): Json {
  if (!isObject(tool)) throw unsupported(place, 'offer function tools');
  const made = tool['function'];
  if (!isObject(made)) throw unsupported(`${place}.type`, 'offer function tools');
  return {
    name: made['name'],
    ...(isPresent(made['description']) && { description: made['description'] }),
    input_schema: made['parameters'] ?? { type: 'object', properties: {} },
    ...(made['strict'] === true && { strict: true }),
    ...(isObject(tool['cache_control']) && { cache_control: tool['cache_control'] }),
  };
}

function choiceOf(choice: unknown, parallel: unknown): Json | null {
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === 'none') return { type: 'none' };
  if (choice === 'required') return { type: 'any', ...single };
  if (isObject(choice)) {
    const called = choice['function'];
    return { type: 'tool', name: isObject(called) ? called['name'] : choice['name'], ...single };
  }
  return choice === 'auto' || parallel === false ? { type: 'auto', ...single } : null;
}

/** A schema that answers have to follow. */
function formatOf(format: unknown): Json {
  if (!isObject(format) || format['type'] !== 'json_schema') return {};
  const named = format['json_schema'];
  if (!isObject(named)) return {};
  return { output_config: { format: { type: 'json_schema', schema: named['schema'] } } };
}
