import type { ModelId, TenantId } from '../kernel/index.ts';
import type { Beliefs, Estimate, Mandate, Model, Workload } from '../contract/index.ts';
import { expectedOutputTokens } from '../estimate/index.ts';
import { estimatePromptTokens } from '../text/index.ts';

/** The lengths of one request for one model; instances of the model share them. */
export interface Forecast {
  readonly promptTokens: Estimate;
  /** Tokens of one answer where nothing caps it. */
  readonly answerTokens: Estimate;
}

interface Entry extends Forecast {
  readonly beliefs: Beliefs;
  readonly tenant: TenantId;
  readonly promptBytes: number;
  readonly archetype: string;
}

/** Models whose forecast is kept; a policy with more recomputes. */
const MODELS_MAX = 256;
const NO_TOKENS: Estimate = { mean: 0, deviation: 0 };

export interface Forecasts {
  of(workload: Workload, mandate: Mandate, model: Model, beliefs: Beliefs): Forecast;
}

/**
 * A memo of the two forecasts by model, keyed on everything that they depend on: the instances of one
 * model quote one after another for the same request. It holds no reference to a request.
 */
export function createForecasts(): Forecasts {
  const entries = new Map<ModelId, Entry>();

  return {
    of(workload, mandate, model, beliefs) {
      const { tenant } = workload.caller;
      const promptBytes = workload.promptBytes + (mandate.injection.systemPrompt?.text.length ?? 0);
      const archetype = workload.surface === 'embeddings' ? '' : workload.archetype().key;
      const last = entries.get(model.id);
      if (
        last !== undefined &&
        last.promptBytes === promptBytes &&
        last.beliefs === beliefs &&
        last.archetype === archetype &&
        last.tenant === tenant
      ) {
        return last;
      }
      if (last === undefined && entries.size >= MODELS_MAX) entries.clear();
      const entry: Entry = {
        promptTokens: estimatePromptTokens(promptBytes, tenant, model.id, beliefs),
        answerTokens:
          last !== undefined && last.beliefs === beliefs && last.archetype === archetype
            ? last.answerTokens
            : answerTokensOf(model.id, archetype, beliefs),
        beliefs,
        tenant,
        promptBytes,
        archetype,
      };
      entries.set(model.id, entry);
      return entry;
    },
  };
}

function answerTokensOf(model: ModelId, archetype: string, beliefs: Beliefs): Estimate {
  return archetype === '' ? NO_TOKENS : expectedOutputTokens(model, archetype, beliefs);
}
