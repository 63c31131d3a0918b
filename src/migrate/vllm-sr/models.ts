import { modelNames, Names } from '../draft/names.ts';
import type { DraftValue, PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeNumber, takeText, takeTokens } from '../foreign/take.ts';
import { readBackend } from './backends.ts';
import { importReasoningFamily } from './reasoning.ts';

/** Ids of the policy's models, by what the foreign file calls them. */
export type ModelIds = ReadonlyMap<string, string>;

const RATE_MAX = 1_000_000;

/** `providers.models` with what `routing.modelCards` says of them. */
export function importModels(root: ForeignNode, draft: PolicyDraft): ModelIds {
  const providers = root.at('providers');
  const defaults = providers?.at('defaults') ?? null;
  const cards = root.at('routing')?.at('modelCards')?.items ?? [];
  const ids = new Map<string, string>();
  const names = { models: modelNames(), instances: new Names() };
  for (const node of providers?.at('models')?.items ?? []) {
    const nameNode = node.at('name');
    const name = takeText(nameNode);
    if (name === null || nameNode === null || ids.has(name)) {
      node.drop('the model is left out: it has no name, or that of one above');
      continue;
    }
    const refs = node.at('backend_refs')?.items ?? [];
    const backends = refs.map((ref, i) => readBackend(ref, name, i)).filter((ref) => ref !== null);
    if (backends.length === 0) {
      node.drop('the model is left out: none of its backends could be carried');
      continue;
    }
    const id = names.models.giveFor(name, nameNode);
    ids.set(name, id);
    const card = cards.find((entry) => entry.at('name')?.scalar === name) ?? null;
    card?.at('name')?.carry();
    draft.add(
      'models',
      modelOf(node, { id, card, defaults }),
      `from ${[node, card].flatMap((part) => part?.origin ?? []).join('; ')}`,
    );
    for (const backend of backends) {
      const instance = { id: names.instances.give(`${id}/${backend.name}`), model: id };
      draft.add('instances', { ...instance, ...backend.value }, ...backend.comments);
    }
  }
  return ids;
}

interface ModelSources {
  readonly id: string;
  readonly card: ForeignNode | null;
  readonly defaults: ForeignNode | null;
}

function modelOf(node: ForeignNode, { id, card, defaults }: ModelSources): DraftValue {
  const upstreamName =
    takeText(node.at('provider_model_id')) ??
    takeText(node.at('external_model_ids')?.at('vllm') ?? null);
  const price = priceOf(node.at('pricing'));
  const quality = card?.at('quality_score') ?? null;
  const score = takeNumber(quality, { min: 0, max: 1 });
  if (score !== null) quality?.change('is taken for the chance that an answer is right');
  const window = takeTokens(card?.at('context_window_size') ?? null);
  const reasoning = importReasoningFamily(node, defaults);
  return {
    id,
    ...(upstreamName !== null && upstreamName !== id && { upstreamName }),
    ...(price !== null && { price }),
    ...(score !== null && { accuracy: { default: score } }),
    ...(reasoning !== null && { reasoning }),
    ...(window !== null && window > 0 && { contextWindowTokens: window }),
  };
}

function priceOf(pricing: ForeignNode | null): DraftValue | null {
  if (pricing === null) return null;
  const currency = takeText(pricing.at('currency'));
  if (currency !== null && currency !== 'USD') {
    pricing.drop('a policy counts in USD: the price stays unknown');
    return null;
  }
  const rate = (key: string): number | null =>
    takeNumber(pricing.at(key), { min: 0, max: RATE_MAX });
  const inputPerMTok = rate('prompt_per_1m');
  const outputPerMTok = rate('completion_per_1m');
  const cachedInputPerMTok = rate('cached_input_per_1m');
  if (inputPerMTok === null || outputPerMTok === null) {
    pricing.drop('a price needs both prompt_per_1m and completion_per_1m: it stays unknown');
    return null;
  }
  return {
    inputPerMTok,
    ...(cachedInputPerMTok !== null && { cachedInputPerMTok }),
    outputPerMTok,
  };
}
