import type { TenantId } from '../kernel/index.ts';
import type { Beliefs, Estimate, Mandate, Model, Workload } from '../contract/index.ts';
import { expectedOutputTokens, underCeiling } from '../estimate/index.ts';
import { estimatePromptTokens } from '../text/index.ts';

const NO_TOKENS: Estimate = { mean: 0, deviation: 0 };

/**
 * The lengths of one request for one model, for the instances of the model that quote one after
 * another. They are worked out again when something changes that they depend on: requests of the same
 * shape share them, and no request is kept alive by them.
 */
export class Forecast {
  promptTokens = NO_TOKENS;
  /** Tokens of one answer where nothing caps it. */
  answerTokens = NO_TOKENS;
  /** Tokens of one answer under the ceilings. */
  answer = NO_TOKENS;
  /** Tokens of all answers. */
  outputTokens = NO_TOKENS;
  /** Deviation of the list price, in pico-USD; 0 where the price is unknown. */
  priceDeviation = 0;
  readonly #model: Model;
  #beliefs: Beliefs | null = null;
  #tenant: TenantId | null = null;
  #archetype = '';
  #promptBytes = -1;
  #ceiling = -1;
  #choices = -1;

  constructor(model: Model) {
    this.#model = model;
  }

  read(workload: Workload, mandate: Mandate, beliefs: Beliefs): void {
    const { tenant } = workload.caller;
    const injected = mandate.injection.systemPrompt?.text.length ?? 0;
    const promptBytes = workload.promptBytes + injected - (mandate.tools?.cutBytes ?? 0);
    const archetype = workload.surface === 'embeddings' ? '' : workload.archetype().key;
    const ceiling = ceilingOf(workload, mandate, this.#model);
    const choices = Math.max(1, workload.choices);
    const isKnownArchetype = beliefs === this.#beliefs && archetype === this.#archetype;
    const isKnownPrompt =
      beliefs === this.#beliefs && promptBytes === this.#promptBytes && tenant === this.#tenant;
    const isKnownAnswer =
      isKnownArchetype && ceiling === this.#ceiling && choices === this.#choices;
    if (isKnownPrompt && isKnownAnswer) return;
    const { id, price } = this.#model;
    if (!isKnownPrompt) {
      this.promptTokens = estimatePromptTokens(promptBytes, tenant, id, beliefs);
    }
    if (!isKnownArchetype) {
      this.answerTokens =
        archetype === '' ? NO_TOKENS : expectedOutputTokens(id, archetype, beliefs);
    }
    this.answer = underCeiling(this.answerTokens, ceiling);
    this.outputTokens = times(this.answer, choices);
    if (price !== null) {
      const promptPart = this.promptTokens.deviation * price.inputPicoUsd;
      const outputPart = this.outputTokens.deviation * price.outputPicoUsd;
      this.priceDeviation = Math.sqrt(promptPart * promptPart + outputPart * outputPart);
    }
    this.#beliefs = beliefs;
    this.#tenant = tenant;
    this.#archetype = archetype;
    this.#promptBytes = promptBytes;
    this.#ceiling = ceiling;
    this.#choices = choices;
  }
}

/** The most tokens that one answer may have: the caller's, the route's and the model's ceiling apply together. */
function ceilingOf(workload: Workload, mandate: Mandate, model: Model): number {
  return Math.min(
    workload.outputCeilingTokens ?? Infinity,
    mandate.injection.maxOutputTokens ?? Infinity,
    model.maxOutputTokens ?? Infinity,
  );
}

function times(estimate: Estimate, count: number): Estimate {
  if (count === 1) return estimate;
  return { mean: estimate.mean * count, deviation: estimate.deviation * count };
}
