import type { LocalAnswer } from './local-model.ts';

export interface AnswerHead {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
}

/** A chat completion, whole, in OpenAI's form. */
export function wholeAnswer(head: AnswerHead, text: string, answer: LocalAnswer): string {
  return JSON.stringify({
    ...common(head, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageOf(answer),
  });
}

/** One event of a stream that begins with `role` and goes on with text. */
export function textEvent(
  head: AnswerHead,
  delta: { role?: 'assistant'; content: string },
): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }];
  return event({ ...common(head, 'chat.completion.chunk'), choices });
}

/** The events that end a stream. */
export function endEvents(head: AnswerHead, answer: LocalAnswer, wantsUsage: boolean): string {
  const chunk = common(head, 'chat.completion.chunk');
  const choices = [{ index: 0, delta: {}, logprobs: null, finish_reason: answer.finishReason }];
  const last = event({ ...chunk, choices });
  const usage = wantsUsage ? event({ ...chunk, choices: [], usage: usageOf(answer) }) : '';
  return `${last}${usage}data: [DONE]\n\n`;
}

export function errorBody(message: string, type: string): string {
  return JSON.stringify({ error: { message, type, param: null, code: null } });
}

const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`;

function common({ id, createdSeconds, model }: AnswerHead, object: string) {
  return { id, object, created: createdSeconds, model };
}

function usageOf({ promptTokens, cachedTokens, outputTokens }: LocalAnswer) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: outputTokens,
    total_tokens: promptTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
