import type { Llama, LlamaModelFile, LlamaPackage } from './llama-port.ts';
import { LocalAskError } from './local-model.ts';
import type { LocalModelSpec } from './local-model.ts';

const CONTEXT_TOKENS = 4_096;

/** A file that is loaded. */
export interface LlamaParts {
  readonly library: LlamaPackage;
  readonly llama: Llama;
  readonly model: LlamaModelFile;
  readonly spec: LocalModelSpec;
}

/** Tokens of prompt and answer of one slot. */
export const contextTokensOf = ({ model, spec }: LlamaParts): number =>
  spec.contextTokens ?? Math.min(model.trainContextSize, CONTEXT_TOKENS);

/** More than the longest tokens stand for. */
const CHARACTERS_PER_TOKEN = 256;

/** Refuses what could not fit before it is cut into tokens, which takes as long as it is. */
export function refuseHopeless(characters: number, contextTokens: number, place: string): void {
  if (characters <= contextTokens * CHARACTERS_PER_TOKEN) return;
  throw new LocalAskError(`${place}: it has ${characters} characters, ${outgrown(contextTokens)}`);
}

export const outgrown = (contextTokens: number): string =>
  `and this model's context ${contextTokens} tokens: shorten it, or raise contextTokens of the instance`;
