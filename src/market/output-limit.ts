import type { EngineFeatures, Mandate, MarketView, Workload } from '../contract/index.ts';
import { lengthQuantile, lengthsOf } from '../estimate/index.ts';
import { isPlainAnswer, overrunOf, thinkingTokens } from '../wire/index.ts';
import type { DraftBid } from './draft-bid.ts';

/** Chooses the output limits of one request, for the bids one after another. */
export class OutputLimiter {
  readonly #workload: Workload;
  readonly #mandate: Mandate;
  readonly #view: MarketView;
  #isPlain: boolean | null = null;

  constructor(workload: Workload, mandate: Mandate, view: MarketView) {
    this.#workload = workload;
    this.#mandate = mandate;
    this.#view = view;
  }

  /**
   * The limit at the bid's instance; null where there is none: the caller has set its own, a cut answer
   * could not be made whole, or the window leaves no room for one. The room is what the prompt's bound
   * leaves, so that no server refuses the request for its limit.
   */
  limitFor({ instance }: DraftBid, features: EngineFeatures): number | null {
    const rule = this.#mandate.injection.outputLimit;
    if (rule === undefined || this.#workload.outputCeilingTokens !== null) return null;
    if (!this.#canBeWhole(instance.engine, instance.model.reasoning, features)) return null;
    const { model } = instance;
    const { injection, route } = this.#mandate;
    const kind = { model: model.id, archetype: this.#workload.archetype().key, route };
    const observed = lengthsOf(kind, this.#view.beliefs);
    const likely = lengthQuantile(observed, rule.prior, rule.quantile) * rule.margin;
    const answer = Math.min(rule.maxTokens ?? Infinity, Math.max(rule.minTokens, likely));
    const wanted = Math.ceil(answer) + thinkingTokens(model, injection.reasoning);
    const injectedBytes = Buffer.byteLength(injection.systemPrompt?.text ?? '');
    const promptTokens = this.#workload.promptTokensBound + injectedBytes;
    const room = (model.contextWindowTokens ?? Infinity) - promptTokens;
    if (room < rule.minTokens) return null;
    return Math.min(wanted, room, model.maxOutputTokens ?? Infinity);
  }

  #canBeWhole(
    engine: string,
    reasoning: DraftBid['instance']['model']['reasoning'],
    { hasResponses }: EngineFeatures,
  ): boolean {
    const { body, isStream, surface } = this.#workload;
    this.#isPlain ??= isPlainAnswer(this.#workload, this.#mandate.injection);
    if (!this.#isPlain) return false;
    const overrun = overrunOf({
      body,
      isStream,
      surface: surface === 'responses' && !hasResponses ? 'chat' : surface,
      model: { reasoning },
      effort: this.#mandate.injection.reasoning,
      continuesChat: this.#view.continuesChat?.(engine) ?? false,
    });
    return overrun !== null;
  }
}
