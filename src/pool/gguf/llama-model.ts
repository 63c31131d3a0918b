import { importPackage, requireOptionalPackage } from '../models/optional-package.ts';
import type { Llama, LlamaChat, LlamaPackage, LlamaSequence } from './llama-port.ts';
import type { LlamaToken, LlamaTurn } from './llama-port.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalAnswer, LocalAsk, LocalModel, LocalModelSpec } from './local-model.ts';
import type { LocalTurn } from './local-model.ts';

const CONTEXT_TOKENS = 4_096;

interface Slot {
  readonly sequence: LlamaSequence;
  readonly chat: LlamaChat;
  /** What it has read and said last. */
  turns: readonly LocalTurn[];
  isBusy: boolean;
}

/**
 * Opens a GGUF file with llama.cpp on the processor, through the optional package `node-llama-cpp`.
 * Rejects with `BRS_DEPENDENCY_MISSING`, or with what the library says of the file.
 */
export async function openLlamaModel(spec: LocalModelSpec): Promise<LocalModel> {
  const url = requireOptionalPackage('a local GGUF model', 'node-llama-cpp');
  const library = await importPackage<LlamaPackage>(url, 'getLlama');
  const llama = await library.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: library.LlamaLogLevel.error,
    ...(spec.threads === null ? {} : { maxThreads: spec.threads }),
  });
  try {
    const model = await llama.loadModel({ modelPath: spec.file });
    const contextTokens = spec.contextTokens ?? Math.min(model.trainContextSize, CONTEXT_TOKENS);
    const context = await model.createContext({
      sequences: spec.slots,
      contextSize: contextTokens,
    });
    const slots = Array.from({ length: spec.slots }, (): Slot => {
      const sequence = context.getSequence();
      return {
        sequence,
        chat: new library.LlamaChat({ contextSequence: sequence }),
        turns: [],
        isBusy: false,
      };
    });
    return new LlamaModel(llama, slots, contextTokens);
  } catch (error) {
    await llama.dispose();
    throw error;
  }
}

class LlamaModel implements LocalModel {
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
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    const slot = bestSlot(this.#slots, ask.turns);
    slot.isBusy = true;
    let said = '';
    try {
      const answer = await this.#answer(slot, ask, {
        signal,
        onText: (text) => {
          said += text;
          onText(text);
        },
      });
      slot.turns = [...ask.turns, { role: 'assistant', text: said }];
      return answer;
    } finally {
      slot.isBusy = false;
    }
  }

  async #answer(
    { chat, sequence }: Slot,
    ask: LocalAsk,
    out: { readonly signal: AbortSignal; readonly onText: (text: string) => void },
  ): Promise<LocalAnswer> {
    const history = historyOf(ask.turns);
    const prompt = promptTokensOf(chat, history);
    const room = this.contextTokens - prompt.length - 1;
    if (room < 1) throw new LocalAskError(tooLong(prompt.length, this.contextTokens));
    const cachedTokens = commonLength(prompt, sequence.contextTokens);
    let outputTokens = 0;
    const { metadata } = await chat.generateResponse(history, {
      maxTokens: Math.min(ask.maxTokens ?? room, room),
      signal: out.signal,
      onTextChunk: out.onText,
      onToken: (tokens) => {
        outputTokens += tokens.length;
      },
      ...(ask.temperature === null ? {} : { temperature: ask.temperature }),
      ...(ask.topP === null ? {} : { topP: ask.topP }),
      ...(ask.seed === null ? {} : { seed: ask.seed }),
      ...(ask.stop.length === 0 ? {} : { customStopTriggers: [...ask.stop] }),
      ...(await this.#grammar(ask.format)),
    });
    const finishReason = metadata.stopReason === 'maxTokens' ? 'length' : 'stop';
    return { finishReason, promptTokens: prompt.length, cachedTokens, outputTokens };
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

function historyOf(turns: readonly LocalTurn[]): LlamaTurn[] {
  const history = turns.map(({ role, text }): LlamaTurn => {
    if (role === 'assistant') return { type: 'model', response: [text] };
    return { type: role, text };
  });
  history.push({ type: 'model', response: [] });
  return history;
}

function promptTokensOf(chat: LlamaChat, history: LlamaTurn[]): readonly LlamaToken[] {
  const { contextText } = chat.chatWrapper.generateContextState({ chatHistory: history });
  return contextText.tokenize(chat.model.tokenizer);
}

function commonLength(a: readonly LlamaToken[], b: readonly LlamaToken[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}

const tooLong = (promptTokens: number, contextTokens: number): string =>
  `the prompt has ${promptTokens} tokens, and this model's context ${contextTokens}: shorten it, or raise contextTokens of the instance`;
