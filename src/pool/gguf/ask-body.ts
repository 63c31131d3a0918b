import { z } from 'zod';
import { toolMembers, toolsOf } from './ask-tools.ts';
import { chatMessages, turnsOf } from './ask-turns.ts';
import { grammarSchema } from './grammar-schema.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAsk } from './local-model.ts';

const bodySchema = z.object({
  model: z.string().default('local'),
  messages: chatMessages,
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  ...toolMembers,
  continue_final_message: z.boolean().nullish(),
  reasoning_effort: z.string().nullish(),
  chat_template_kwargs: z.object({ enable_thinking: z.boolean().nullish() }).nullish(),
  response_format: z
    .union([
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({ schema: z.record(z.string(), z.unknown()) }),
      }),
    ])
    .nullish(),
});

export interface LocalRequest {
  /** As the answer names it. */
  readonly model: string;
  readonly ask: LocalAsk;
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
}

/** Reads a chat completion request. Throws `LocalAskError`, which names the place, for what a local model cannot do. */
export function readAsk(bytes: Buffer): LocalRequest {
  const body = readBody(bytes, bodySchema);
  const tools = toolsOf(body);
  const format = formatOf(body.response_format);
  if (format !== 'text' && tools.tools.length > 0 && !tools.mustCall) {
    throw new LocalAskError(
      'response_format: a local model is not held to it while it may call tools: send one of them, or tool_choice',
    );
  }
  return {
    model: body.model,
    ask: {
      turns: turnsOf(body.messages),
      continues: body.continue_final_message === true && body.messages.at(-1)!.role === 'assistant',
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
      temperature: body.temperature ?? null,
      topP: body.top_p ?? null,
      seed: body.seed ?? null,
      stop: listOf(body.stop ?? []),
      format,
      thinks:
        body.reasoning_effort !== 'none' && body.chat_template_kwargs?.enable_thinking !== false,
      ...tools,
    },
    isStream: body.stream === true,
    wantsUsage: body.stream_options?.include_usage === true,
  };
}

/** The JSON of a body as a schema has it. Throws `LocalAskError`, which names the place. */
export function readBody<T>(bytes: Buffer, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch {
    throw new LocalAskError('the body is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new LocalAskError(`${path.join('.') || 'the body'}: ${message}`);
}

const listOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? [given] : given;

function formatOf(given: z.infer<typeof bodySchema>['response_format']): LocalAsk['format'] {
  if (given === null || given === undefined || given.type === 'text') return 'text';
  if (given.type === 'json_object') return 'json';
  return { schema: grammarSchema(given.json_schema.schema, 'response_format') };
}
