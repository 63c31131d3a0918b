type Json = Readonly<Record<string, unknown>>;

/** Thinking, text and calls of a message, or of a piece of one. */
export interface Said {
  content: string | null;
  reasoning_content?: string;
  tool_calls?: readonly Json[];
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A message as chat completions have it. Ollama's calls have no ids: they are numbered from `firstCall` on. */
export function messageOf(message: unknown, id: string, firstCall = 0): Said {
  if (!isObject(message)) return { content: null };
  const { content, thinking, tool_calls: calls } = message;
  const said: Said = { content: typeof content === 'string' && content !== '' ? content : null };
  if (typeof thinking === 'string' && thinking !== '') said.reasoning_content = thinking;
  if (Array.isArray(calls) && calls.length > 0) {
    said.tool_calls = (calls as readonly unknown[]).map((call, i) =>
      callOf(call, id, firstCall + i),
    );
  }
  return said;
}

function callOf(call: unknown, id: string, index: number): Json {
  const body = isObject(call) && isObject(call['function']) ? call['function'] : {};
  const { name, arguments: given } = body;
  return {
    index,
    id: isObject(call) && typeof call['id'] === 'string' ? call['id'] : `call_${id}_${index}`,
    type: 'function',
    function: {
      name: typeof name === 'string' ? name : '',
      arguments: typeof given === 'string' ? given : JSON.stringify(given ?? {}),
    },
  };
}

/** Why an answer ended. A record without a reason, as old versions send it, has stopped. */
export function finishOf(last: Json, said: Said): string {
  if (said.tool_calls !== undefined) return 'tool_calls';
  return last['done_reason'] === 'length' ? 'length' : 'stop';
}

export const countOf = (value: unknown): number =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0;

/** Undefined where the record does not count. */
export function usageOf(last: Json): Json | undefined {
  if (last['prompt_eval_count'] === undefined && last['eval_count'] === undefined) return undefined;
  const prompt = countOf(last['prompt_eval_count']);
  const output = countOf(last['eval_count']);
  return { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output };
}

const NANOSECONDS_PER_MS = 1e6;

/** The server's own clock, in the words of llama.cpp; undefined where it says nothing. */
export function timingsOf(last: Json): Json | undefined {
  if (last['eval_duration'] === undefined) return undefined;
  const ms = (key: string): number => countOf(last[key]) / NANOSECONDS_PER_MS;
  return {
    prompt_n: countOf(last['prompt_eval_count']),
    prompt_ms: ms('prompt_eval_duration'),
    predicted_n: countOf(last['eval_count']),
    predicted_ms: ms('eval_duration'),
    load_ms: ms('load_duration'),
  };
}
