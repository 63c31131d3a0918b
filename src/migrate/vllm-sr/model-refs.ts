import type { DraftValue } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeFlag, takeText } from '../foreign/take.ts';
import type { ModelIds } from './models.ts';
import { takeEffort } from './reasoning.ts';
import type { Effort } from './reasoning.ts';

/** Which models a decision takes and how they think, as members of a route's `use`; null: none was carried. */
export function importModelRefs(
  decision: ForeignNode,
  ids: ModelIds,
  effortDefault: Effort,
): DraftValue | null {
  const models = new Set<string>();
  const efforts = new Map<Effort | null, ForeignNode>();
  for (const ref of decision.at('modelRefs')?.items ?? []) {
    const name = takeText(ref.at('model'));
    const id = name === null ? undefined : ids.get(name);
    if (id === undefined) {
      ref.drop('no model of this name is in the policy');
      continue;
    }
    models.add(id);
    ref.at('lora_name')?.drop('an adapter is a model of its own: add it, with its upstreamName');
    ref.at('weight')?.drop('models bid: they have no weights');
    const effort = effortOf(ref, effortDefault);
    if (!efforts.has(effort)) efforts.set(effort, ref);
  }
  if (models.size === 0) return null;
  const [effort = null] = efforts.keys();
  for (const [other, ref] of [...efforts].slice(1)) {
    const node = ref.at('use_reasoning') ?? ref.at('reasoning_effort') ?? ref;
    node.change(
      `reasoning is of the route, ${effort ?? 'as the client wants it'}: not ${other ?? 'as the client wants it'} for this model alone`,
    );
  }
  if (models.size > 1) {
    decision.at('modelRefs')?.change('all of them bid, where one algorithm chooses there');
  }
  return { models: [...models], ...(effort !== null && { reasoning: effort }) };
}

/** Null: the client's own wish stands. */
function effortOf(ref: ForeignNode, effortDefault: Effort): Effort | null {
  const uses = takeFlag(ref.at('use_reasoning'));
  const effort = takeEffort(ref.at('reasoning_effort'));
  if (uses === null) return effort;
  return uses ? (effort ?? effortDefault) : 'off';
}

/** The mode that wants what the algorithm wants. */
export function importAlgorithm(decision: ForeignNode): string {
  const node = decision.at('algorithm')?.at('type') ?? null;
  const type = takeText(node);
  if (node === null || type === null || type === 'multi_factor') return 'economy';
  if (type === 'latency_aware') return 'latency';
  node.change('the market chooses, in mode economy');
  return 'economy';
}
