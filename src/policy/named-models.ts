import type { FleetSnapshot, InstanceRule, Model, Refusal } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { unknownModel } from './refusals.ts';

/** The real models that clients can name: by id, else by the name that the upstream knows. */
export class NamedModels {
  readonly #byName = new Map<string, Set<ModelId>>();

  constructor(models: readonly Model[]) {
    const served = models.filter(({ isJudge }) => isJudge !== true);
    for (const { id } of served) this.#byName.set(id, new Set([id]));
    const ids = new Set<string>(this.#byName.keys());
    for (const { id, upstreamName } of served) {
      if (ids.has(upstreamName)) continue;
      const named = this.#byName.get(upstreamName);
      if (named === undefined) this.#byName.set(upstreamName, new Set([id]));
      else named.add(id);
    }
  }

  /** The models of a name. Those that the admin API brought are in the fleet only. */
  find(name: string, fleet: FleetSnapshot): ReadonlySet<ModelId> | Refusal {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const found = new Set<ModelId>();
    for (const { instance } of fleet.states) {
      const { id, upstreamName, isJudge } = instance.model;
      if (isJudge === true) continue;
      if (id === name || upstreamName === name) found.add(id);
    }
    return found.size > 0 ? found : unknownModel(name);
  }
}

/** The rules that bar every instance of the models between them; none while one instance is left. */
export function barringRules(
  models: ReadonlySet<ModelId>,
  rules: readonly InstanceRule[],
  fleet: FleetSnapshot,
): readonly InstanceRule[] {
  if (rules.length === 0) return rules;
  const barring = new Set<InstanceRule>();
  for (const { instance } of fleet.states) {
    if (!models.has(instance.model.id)) continue;
    const rule = rules.find((candidate) => !candidate.permits(instance));
    if (rule === undefined) return [];
    barring.add(rule);
  }
  return [...barring];
}
