import type { AnswerPlan } from './answer-plan.ts';

/** One answer of a response: its plan, and what its reader is told of the simulation. */
export interface Choice {
  readonly index: number;
  readonly plan: AnswerPlan;
  readonly toolCallId: string;
  /** Log-probability of each token; absent: nobody asked for them. */
  readonly logprob?: (tokenIndex: number) => number;
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

const delta = (
  choice: Choice,
  content: object,
  finishReason: string | null,
  logprobs: object | null = null,
): object => ({ index: choice.index, delta: content, logprobs, finish_reason: finishReason });

/** Those of the answer's own tokens between two places, as chat completions tell them. */
function chatLogprobs({ plan, logprob }: Choice, from: number, to: number): object | null {
  if (logprob === undefined || plan.toolName !== null) return null;
  const content = plan.pieces.slice(from, to).map((token, i) => ({
    token,
    logprob: logprob(from + i),
    bytes: null,
    top_logprobs: [],
  }));
  return { content, refusal: null };
}

/** The same as completions tell them. */
function textLogprobs({ plan, logprob }: Choice, from: number, to: number): object | null {
  if (logprob === undefined) return null;
  const tokens = plan.pieces.slice(from, to);
  const logprobs = tokens.map((_, i) => logprob(from + i));
  return { tokens, token_logprobs: logprobs, top_logprobs: null, text_offset: [] };
}

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
    if (toolName === null) {
      const logprobs = chatLogprobs(choice, tokenIndex, tokenIndex + 1);
      return delta(choice, { content: pieces[tokenIndex] }, null, logprobs);
    }
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
    const logprobs = chatLogprobs(choice, thinkingTokens, pieces.length);
    return { index: choice.index, message, logprobs, finish_reason: finishReason };
  },
};

const textChoice = (
  choice: Choice,
  text: string,
  finishReason: string | null,
  logprobs: object | null = null,
): object => ({ index: choice.index, text, logprobs, finish_reason: finishReason });

export const COMPLETION_FORMAT: AnswerFormat = {
  idPrefix: 'cmpl-',
  object: 'text_completion',
  chunkObject: 'text_completion',
  opening: () => null,
  token(choice, tokenIndex) {
    const logprobs = textLogprobs(choice, tokenIndex, tokenIndex + 1);
    return textChoice(choice, choice.plan.pieces[tokenIndex]!, null, logprobs);
  },
  finish: (choice) => textChoice(choice, '', choice.plan.finishReason),
  whole(choice) {
    const { pieces, finishReason } = choice.plan;
    const logprobs = textLogprobs(choice, 0, pieces.length);
    return textChoice(choice, pieces.join(''), finishReason, logprobs);
  },
};
