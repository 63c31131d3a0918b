import type { LocalAnswer, LocalVectors } from './local-model.ts';

export interface AnswerHead {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
}

/** A call as it is told whole. */
export interface ToldCall {
  readonly id: string;
  readonly name: string;
  arguments: string;
}

/** What a message gains by one event of a stream. */
export interface Delta {
  readonly role?: 'assistant';
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly object[];
}

/** A chat completion, whole, in OpenAI's form. */
export function wholeAnswer(
  head: AnswerHead,
  said: { readonly text: string; readonly thought: string; readonly calls: readonly ToldCall[] },
  answer: LocalAnswer,
): string {
  const toolCalls = said.calls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }));
  const message = {
    role: 'assistant',
    content: toolCalls.length === 0 ? said.text : said.text || null,
    ...(said.thought !== '' && { reasoning_content: said.thought }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return JSON.stringify({
    ...common(head, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finishReason }],
    usage: usageOf(answer),
  });
}

/** One event of a stream that begins with `role` and goes on with text and calls. */
export function deltaEvent(head: AnswerHead, delta: Delta): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }];
  return event({ ...common(head, 'chat.completion.chunk'), choices });
}

/** The delta that begins a call, the `index`th of the answer. */
export const beganCall = (index: number, { id, name }: ToldCall): Delta => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
});

/** The delta that goes on with its arguments. */
export const callArguments = (index: number, text: string): Delta => ({
  tool_calls: [{ index, function: { arguments: text } }],
});

/** The events that end a stream. */
export function endEvents(head: AnswerHead, answer: LocalAnswer, wantsUsage: boolean): string {
  const chunk = common(head, 'chat.completion.chunk');
  const choices = [{ index: 0, delta: {}, logprobs: null, finish_reason: answer.finishReason }];
  const last = event({ ...chunk, choices });
  const usage = wantsUsage ? event({ ...chunk, choices: [], usage: usageOf(answer) }) : '';
  return `${last}${usage}data: [DONE]\n\n`;
}

/** Vectors in OpenAI's form; in base64 they are little-endian 32-bit floats. */
export function embeddingAnswer(
  model: string,
  { vectors, promptTokens }: LocalVectors,
  isBase64: boolean,
): string {
  return JSON.stringify({
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: isBase64 ? base64Of(vector) : [...vector],
    })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  });
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i]!, i * 4);
  return bytes.toString('base64');
}

export function errorBody(message: string, type: string): string {
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`;

function common({ id, createdSeconds, model }: AnswerHead, object: string) {
  return { id, object, created: createdSeconds, model };
}

function usageOf({ promptTokens, cachedTokens, outputTokens, thoughtTokens }: LocalAnswer) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    ...(thoughtTokens > 0 && { completion_tokens_details: { reasoning_tokens: thoughtTokens } }),
  };
}
