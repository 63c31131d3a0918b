import type { InstanceId } from '../kernel/index.ts';
import type { Exclusion, InstanceState, LocalLoad, Mandate, Workload } from '../contract/index.ts';

const NO_EMBEDDING = 'its model makes no embeddings';
const ONLY_EMBEDDING = 'its model makes nothing but embeddings';
const OTHER_MODEL = 'its model is not among those of the route';
const CIRCUIT_OPEN = 'its circuit is open after failures';
const LIMITED = 'it is at its limit, and asked to be left alone';

/** Why an instance may not bid, or null when it may: the permanent causes first, the passing ones after. */
export function exclusionOf(
  workload: Workload,
  mandate: Mandate,
  state: InstanceState,
  load: LocalLoad,
): Exclusion | null {
  const { instance } = state;
  const { id, model } = instance;
  const isEmbedding = workload.surface === 'embeddings';
  if ((model.kind === 'embedding') !== isEmbedding) {
    const detail = isEmbedding ? NO_EMBEDDING : ONLY_EMBEDDING;
    return { instance: id, cause: 'capability', detail };
  }
  if (mandate.models !== null && !mandate.models.has(model.id)) {
    return { instance: id, cause: 'model', detail: OTHER_MODEL };
  }
  for (const rule of mandate.rules) {
    if (rule.permits(instance)) continue;
    return { instance: id, cause: 'constraint', detail: `${rule.constraint}: ${rule.text}` };
  }
  if (!isReady(state)) {
    const detail = state.reason ?? state.lifecycle;
    return { instance: id, cause: 'lifecycle', detail };
  }
  if (!load.isAvailable(id)) return circuitExclusion(id, load);
  return null;
}

function circuitExclusion(instance: InstanceId, load: LocalLoad): Exclusion {
  const recovery = load.recovery?.(instance);
  if (recovery === undefined) return { instance, cause: 'circuit', detail: CIRCUIT_OPEN };
  const detail = recovery.isLimited ? LIMITED : CIRCUIT_OPEN;
  return { instance, cause: 'circuit', detail, recovery };
}

/** An instance that nobody has looked at yet is given the benefit of the doubt. */
function isReady({ lifecycle, observedAtMs }: InstanceState): boolean {
  return lifecycle === 'ready' || (lifecycle === 'unknown' && observedAtMs === null);
}

/** Output tokens without which an answer is of no use. */
const USEFUL_OUTPUT_TOKENS = 16;

/** Whether the prompt leaves room for an answer in the model's context window. */
export function windowExclusion(
  workload: Workload,
  state: InstanceState,
  promptTokens: number,
): Exclusion | null {
  const { id, model } = state.instance;
  const window = model.contextWindowTokens;
  if (window === null) return null;
  const answer =
    workload.surface === 'embeddings'
      ? 0
      : Math.min(USEFUL_OUTPUT_TOKENS, workload.outputCeilingTokens ?? USEFUL_OUTPUT_TOKENS);
  if (promptTokens + answer <= window) return null;
  const detail = `about ${promptTokens} prompt tokens and an answer of ${answer} do not fit in ${window}`;
  return { instance: id, cause: 'context-window', detail };
}
