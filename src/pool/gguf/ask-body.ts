import { z } from 'zod';
import { LocalAskError } from './local-model.ts';
import type { LocalAsk, LocalTurn } from './local-model.ts';

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const content = z.union([z.string(), z.array(textPart)]).nullish();

const bodySchema = z.object({
  model: z.string().default('local'),
  messages: z
    .array(z.object({ role: z.enum(['system', 'developer', 'user', 'assistant']), content }))
    .min(1),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.unknown()).max(0, 'a local model calls no tools').nullish(),
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
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch {
    throw new LocalAskError('the body is not JSON');
  }
  const parsed = bodySchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new LocalAskError(`${path.join('.') || 'the body'}: ${message}`);
  }
  const body = parsed.data;
  return {
    model: body.model,
    ask: {
      turns: body.messages.map((message): LocalTurn => ({
        role: message.role === 'developer' ? 'system' : message.role,
        text: textOf(message.content),
      })),
      maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
      temperature: body.temperature ?? null,
      topP: body.top_p ?? null,
      seed: body.seed ?? null,
      stop: listOf(body.stop ?? []),
      format: formatOf(body.response_format),
    },
    isStream: body.stream === true,
    wantsUsage: body.stream_options?.include_usage === true,
  };
}

function textOf(given: z.infer<typeof content>): string {
  if (given === null || given === undefined) return '';
  return typeof given === 'string' ? given : given.map(({ text }) => text).join('\n');
}

const listOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? [given] : given;

function formatOf(given: z.infer<typeof bodySchema>['response_format']): LocalAsk['format'] {
  if (given === null || given === undefined || given.type === 'text') return 'text';
  return given.type === 'json_object' ? 'json' : { schema: given.json_schema.schema };
}
