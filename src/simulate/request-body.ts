import { z } from 'zod';

const tokenCeiling = z.int().min(1).nullish();
const difficultyHint = z
  .object({
    difficulty: z.number().min(0).max(1).optional(),
    domain: z.string().max(64).optional(),
    /** A tool that the answer calls, offered or not. */
    call: z.string().max(256).optional(),
  })
  .nullish();
const streamOptions = z.object({ include_usage: z.boolean().nullish() }).nullish();

/** One part of a message's content. Unknown kinds are kept, and count as media. */
const part = z.looseObject({ type: z.string() });
const toolCall = z.looseObject({
  function: z.looseObject({ name: z.string(), arguments: z.string().nullish() }).optional(),
});
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part)]).nullish(),
  tool_calls: z.array(toolCall).nullish(),
});
const tool = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string(), parameters: z.unknown() }),
});
const responseFormat = z.looseObject({
  type: z.enum(['text', 'json_object', 'json_schema']),
  json_schema: z.looseObject({ schema: z.unknown() }).optional(),
});

const sampling = {
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: streamOptions,
  max_tokens: tokenCeiling,
  n: z.int().min(1).max(16).nullish(),
  ignore_eos: z.boolean().nullish(),
  cache_salt: z.string().min(1).max(1024).nullish(),
  bourse_sim: difficultyHint,
};

export const chatSchema = z.looseObject({
  ...sampling,
  messages: z.array(message).min(1),
  max_completion_tokens: tokenCeiling,
  logprobs: z.boolean().nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ function: z.looseObject({ name: z.string() }) }),
    ])
    .nullish(),
  response_format: responseFormat.nullish(),
  continue_final_message: z.boolean().nullish(),
  add_generation_prompt: z.boolean().nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  thinking_token_budget: z.int().min(1).nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().min(1).nullish() }).nullish(),
});

const tokenId = z.int().min(0).max(0xffff_ffff);
const textOrIds = z.union([z.string(), z.array(tokenId).min(1)]);
const oneOrMany = z.union([
  z.string(),
  z.array(tokenId).min(1),
  z.array(textOrIds).min(1).max(2048),
]);

export const completionSchema = z.looseObject({
  ...sampling,
  prompt: oneOrMany,
  logprobs: z.int().min(0).max(20).nullish(),
});

export const embeddingSchema = z.looseObject({
  model: z.string(),
  input: oneOrMany,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().nullish(),
});

export type ChatBody = z.output<typeof chatSchema>;
export type CompletionBody = z.output<typeof completionSchema>;
export type EmbeddingBody = z.output<typeof embeddingSchema>;
type PromptInput = string | readonly number[];

/** Several inputs, or one that stands alone. */
export function inputsOf(value: z.output<typeof oneOrMany>): readonly PromptInput[] {
  if (typeof value === 'string') return [value];
  return typeof value[0] === 'number' ? [value as number[]] : (value as (string | number[])[]);
}
