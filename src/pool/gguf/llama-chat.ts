import { callPieces } from './call-pieces.ts';
import { callingWrapper, functionsOf, historyOf } from './llama-history.ts';
import { contextTokensOf, outgrown, refuseHopeless } from './llama-parts.ts';
import type { LlamaParts } from './llama-parts.ts';
import type { Llama, LlamaChat, LlamaFunctions, LlamaSequence } from './llama-port.ts';
import type { LlamaToken, LlamaTurn } from './llama-port.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAnswer, LocalAsk, LocalChatModel } from './local-model.ts';
import type { LocalPiece, LocalTurn } from './local-model.ts';

interface Slot {
  readonly sequence: LlamaSequence;
  readonly chat: LlamaChat;
  /** The same, where the answer has to be a call. */
  readonly callingChat: LlamaChat;
  /** What it has read and said last. */
  turns: readonly LocalTurn[];
  isBusy: boolean;
}

interface Out {
  readonly signal: AbortSignal;
  readonly onPiece: (piece: LocalPiece) => void;
}

export async function openLlamaChat(parts: LlamaParts): Promise<LocalChatModel> {
  const contextTokens = contextTokensOf(parts);
  const { library, llama, model, spec } = parts;
  const context = await model.createContext({
    sequences: spec.slots,
    contextSize: contextTokens,
  });
  const slots = Array.from({ length: spec.slots }, (): Slot => {
    const contextSequence = context.getSequence();
    const chat = new library.LlamaChat({ contextSequence });
    const chatWrapper = callingWrapper(chat.chatWrapper);
    return {
      sequence: contextSequence,
      chat,
      callingChat: new library.LlamaChat({ contextSequence, chatWrapper }),
      turns: [],
      isBusy: false,
    };
  });
  return new LlamaChatModel(llama, slots, contextTokens);
}

class LlamaChatModel implements LocalChatModel {
  readonly task = 'chat';
  readonly contextTokens: number;
  readonly #llama: Llama;
  readonly #slots: readonly Slot[];

  constructor(llama: Llama, slots: readonly Slot[], contextTokens: number) {
    this.#llama = llama;
    this.#slots = slots;
    this.contextTokens = contextTokens;
  }

  get slots(): number {
    return this.#slots.length;
  }

  async generate(
    ask: LocalAsk,
    onPiece: (piece: LocalPiece) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    const slot = bestSlot(this.#slots, ask.turns);
    slot.isBusy = true;
    let said = '';
    try {
      const answer = await this.#answer(slot, ask, {
        signal,
        onPiece: (piece) => {
          if (piece.kind === 'text') said += piece.text;
          onPiece(piece);
        },
      });
      slot.turns = [...ask.turns, { role: 'assistant', text: said, calls: [] }];
      return answer;
    } finally {
      slot.isBusy = false;
    }
  }

  async #answer(slot: Slot, ask: LocalAsk, out: Out): Promise<LocalAnswer> {
    const { sequence } = slot;
    const chat = ask.mustCall ? slot.callingChat : slot.chat;
    refuseHopeless(charactersOf(ask.turns), this.contextTokens, 'messages');
    const history = historyOf(ask.turns, ask.continues);
    const functions = functionsOf(ask.tools);
    const prompt = promptTokensOf(chat, history, functions);
    const room = this.contextTokens - prompt.length - 1;
    if (room < 1) {
      throw new LocalAskError(
        `messages: the prompt has ${prompt.length} tokens, ${outgrown(this.contextTokens)}`,
      );
    }
    const cachedTokens = commonLength(prompt, sequence.contextTokens);
    const maxTokens = Math.min(ask.maxTokens ?? room, room);
    let thoughtTokens = 0;
    const generatedBefore = sequence.tokenMeter.usedOutputTokens;
    const stopReason = await stopReasonOf(
      chat.generateResponse(history, {
        maxTokens,
        signal: out.signal,
        onTextChunk: (text) => {
          if (text !== '') out.onPiece({ kind: 'text', text });
        },
        onResponseChunk: ({ segmentType, text, tokens }) => {
          if (segmentType !== 'thought') return;
          thoughtTokens += tokens.length;
          if (text !== '') out.onPiece({ kind: 'thought', text });
        },
        ...(!ask.thinks && { budgets: { thoughtTokens: 0 } }),
        ...samplingOf(ask),
        ...(functions === undefined
          ? await this.#grammar(ask.format)
          : {
              functions,
              maxParallelFunctionCalls: ask.maxCalls,
              ...callPieces(out.onPiece),
            }),
      }),
    );
    const generated = sequence.tokenMeter.usedOutputTokens - generatedBefore;
    return {
      finishReason: finishReasonOf(stopReason),
      promptTokens: prompt.length,
      cachedTokens,
      // The last one may have been generated beyond what was allowed, and is not told.
      outputTokens: Math.min(generated, maxTokens),
      thoughtTokens: Math.min(thoughtTokens, generated, maxTokens),
    };
  }

  async #grammar(format: LocalAsk['format']) {
    if (format === 'text') return {};
    if (format === 'json') return { grammar: await this.#llama.getGrammarFor('json') };
    try {
      return { grammar: await this.#llama.createGrammarForJsonSchema(format.schema) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LocalAskError(`the schema of response_format is not understood: ${reason}`);
    }
  }

  close(): Promise<void> {
    return this.#llama.dispose();
  }
}

/** The free slot that has read most of the conversation; of those that have read nothing, any. */
function bestSlot(slots: readonly Slot[], turns: readonly LocalTurn[]): Slot {
  let best: Slot | null = null;
  let most = -1;
  for (const slot of slots) {
    if (slot.isBusy) continue;
    let same = 0;
    while (same < turns.length && isSame(slot.turns[same], turns[same]!)) same++;
    // A slot that is spoilt for another conversation is dearer than an empty one.
    const worth = same > 0 ? same : slot.turns.length === 0 ? 0.5 : 0;
    if (worth <= most) continue;
    best = slot;
    most = worth;
  }
  if (best === null) throw new Error('no slot is free');
  return best;
}

const isSame = (a: LocalTurn | undefined, b: LocalTurn): boolean =>
  a !== undefined && a.role === b.role && a.text === b.text;

function promptTokensOf(
  { chatWrapper, model }: LlamaChat,
  chatHistory: readonly LlamaTurn[],
  functions: LlamaFunctions | undefined,
): readonly LlamaToken[] {
  const { contextText } = chatWrapper.generateContextState({
    chatHistory,
    ...(functions !== undefined && { availableFunctions: functions }),
  });
  return contextText.tokenize(model.tokenizer);
}

function commonLength(a: readonly LlamaToken[], b: readonly LlamaToken[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}

function samplingOf({ temperature, topP, seed, stop }: LocalAsk) {
  return {
    ...(temperature === null ? {} : { temperature }),
    ...(topP === null ? {} : { topP }),
    ...(seed === null ? {} : { seed }),
    ...(stop.length === 0 ? {} : { customStopTriggers: [...stop] }),
  };
}

/** What the library writes around calls is no part of what was allowed, and may fill the context before. */
const FULL = /context (?:size|shift)/;

async function stopReasonOf(response: ReturnType<LlamaChat['generateResponse']>): Promise<string> {
  try {
    return (await response).metadata.stopReason;
  } catch (error) {
    if (error instanceof Error && FULL.test(error.message)) return 'maxTokens';
    throw error;
  }
}

function finishReasonOf(stopReason: string): LocalAnswer['finishReason'] {
  if (stopReason === 'functionCalls') return 'tool_calls';
  return stopReason === 'maxTokens' ? 'length' : 'stop';
}

const charactersOf = (turns: readonly LocalTurn[]): number =>
  turns.reduce((sum, { text }) => sum + text.length, 0);
