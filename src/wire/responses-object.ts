import type { RequestBody, Usage } from '../contract/index.ts';
import { parseField } from './read-field.ts';
import { storedMemberOf } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a translated answer needs to know besides the chat answer itself. */
export interface ResponseInfo {
  /** Unique; the response's id is `resp_` and this. */
  readonly id: string;
  readonly createdAtSeconds: number;
  /** The request on the responses surface, as the client sent it. */
  readonly request: RequestBody;
}

/** How a response ended: the fields that tell it. */
export interface ResponseEnd {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly incompleteReason?: 'max_output_tokens' | 'content_filter' | null;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Fields of the request that a response repeats, and what stands there when it has none. */
const ECHOED: readonly (readonly [string, unknown])[] = [
  ['instructions', null],
  ['max_output_tokens', null],
  ['metadata', {}],
  ['parallel_tool_calls', true],
  ['reasoning', { effort: null, summary: null }],
  ['temperature', null],
  ['text', { format: { type: 'text' } }],
  ['tool_choice', 'auto'],
  ['tools', []],
  ['top_p', null],
  ['user', null],
];

/** Builds the response object around its output. `store` is false: nothing is kept between requests. */
export function createResponseFrame(info: ResponseInfo): (model: string, parts: Json) => Json {
  const echoed: Record<string, unknown> = {};
  for (const [key, missing] of ECHOED) echoed[key] = parseField(info.request, key) ?? missing;
  return (model, parts) => ({
    id: `resp_${info.id}`,
    object: 'response',
    created_at: info.createdAtSeconds,
    model,
    ...echoed,
    previous_response_id: null,
    store: false,
    truncation: 'disabled',
    ...parts,
  });
}

export const endFields = (end: ResponseEnd): Json => ({
  status: end.status,
  error: end.error ?? null,
  incomplete_details:
    end.incompleteReason === undefined || end.incompleteReason === null
      ? null
      : { reason: end.incompleteReason },
});

/** The end that a chat answer's `finish_reason` comes to. */
export function endOfFinish(finishReason: string | null): ResponseEnd & {
  readonly status: 'completed' | 'incomplete';
} {
  if (finishReason === 'length') {
    return { status: 'incomplete', incompleteReason: 'max_output_tokens' };
  }
  if (finishReason === 'content_filter') {
    return { status: 'incomplete', incompleteReason: 'content_filter' };
  }
  return { status: 'completed' };
}

/** Null where the engine did not count. `reasoning` is the part of the output spent on thinking. */
/** `told`: the usage of the chat answer, which says more; undefined where there was none. */
export function responseUsage(usage: Usage | null, told: unknown): Json | null {
  if (usage === null) return null;
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokensOf(told) },
    total_tokens: usage.promptTokens + usage.outputTokens,
    ...storedMemberOf(told),
  };
}

/** `completion_tokens_details.reasoning_tokens` of a chat answer's usage; 0 where it does not say. */
function reasoningTokensOf(usage: unknown): number {
  const details = (usage as { completion_tokens_details?: { reasoning_tokens?: unknown } } | null)
    ?.completion_tokens_details;
  const tokens = details?.reasoning_tokens;
  return Number.isSafeInteger(tokens) ? (tokens as number) : 0;
}
