import type { AnswerPlan } from './answer-plan.ts';

/** One answer of a response: its plan, and what its reader is told of the simulation. */
export interface Choice {
  readonly index: number;
  readonly plan: AnswerPlan;
  readonly toolCallId: string;
}

/** How a surface writes an answer. Every member returns an entry of `choices`. */
export interface AnswerFormat {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  /** What a stream says of a choice before its first token; null where it says nothing. */
  opening(choice: Choice): object | null;
  token(choice: Choice, tokenIndex: number): object;
  finish(choice: Choice): object;
  whole(choice: Choice): object;
}

const delta = (choice: Choice, content: object, finishReason: string | null): object => ({
  index: choice.index,
  delta: content,
  logprobs: null,
  finish_reason: finishReason,
});

export const CHAT_FORMAT: AnswerFormat = {
  idPrefix: 'chatcmpl-',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  opening: (choice) => delta(choice, { role: 'assistant', content: '' }, null),
  token(choice, tokenIndex) {
    const { pieces, thinkingTokens, toolName } = choice.plan;
    if (tokenIndex < thinkingTokens) {
      return delta(choice, { reasoning_content: pieces[tokenIndex] }, null);
    }
    if (toolName === null) return delta(choice, { content: pieces[tokenIndex] }, null);
    const call =
      tokenIndex === thinkingTokens
        ? { id: choice.toolCallId, type: 'function', function: { name: toolName, arguments: '' } }
        : { function: { arguments: pieces[tokenIndex] } };
    return delta(choice, { tool_calls: [{ index: 0, ...call }] }, null);
  },
  finish: (choice) => delta(choice, {}, choice.plan.finishReason),
  whole(choice) {
    const { pieces, thinkingTokens, toolName, finishReason } = choice.plan;
    const thinking = pieces.slice(0, thinkingTokens).join('');
    const call = {
      id: choice.toolCallId,
      type: 'function',
      function: { name: toolName, arguments: pieces.slice(thinkingTokens + 1).join('') },
    };
    const text = pieces.slice(thinkingTokens).join('');
    const message = {
      role: 'assistant',
      ...(thinkingTokens > 0 && { reasoning_content: thinking }),
      ...(toolName === null ? { content: text } : { content: null, tool_calls: [call] }),
    };
    return { index: choice.index, message, logprobs: null, finish_reason: finishReason };
  },
};

const textChoice = (choice: Choice, text: string, finishReason: string | null): object => ({
  index: choice.index,
  text,
  logprobs: null,
  finish_reason: finishReason,
});

export const COMPLETION_FORMAT: AnswerFormat = {
  idPrefix: 'cmpl-',
  object: 'text_completion',
  chunkObject: 'text_completion',
  opening: () => null,
  token: (choice, tokenIndex) => textChoice(choice, choice.plan.pieces[tokenIndex]!, null),
  finish: (choice) => textChoice(choice, '', choice.plan.finishReason),
  whole: (choice) => textChoice(choice, choice.plan.pieces.join(''), choice.plan.finishReason),
};
