import type {
  Config,
  Limits,
  Mandate,
  Objective,
  Refusal,
  TenantPreferences,
  Workload,
} from '../contract/index.ts';
import { reweigh, tighten } from './config/modes.ts';
import { virtualModel } from '../contract/index.ts';
import { unknownMode, unknownVirtualModel } from './refusals.ts';

/** What the tenant and the request want of whichever route decides. */
export interface Terms {
  /** Null: the route's. */
  readonly mode: string | null;
  readonly weights: Partial<Objective> | null;
  readonly limits: Limits | null;
}

const NO_TERMS: Terms = { mode: null, weights: null, limits: null };
const NO_PREFERENCES: TenantPreferences = { mode: null, weights: null };

/**
 * Settles who has the last word: the request over the tenant (preferences stored through the admin
 * API, else the policy's), the tenant over the route. Whoever names a mode also sets aside the
 * weights of those below it. Limits can only tighten.
 */
export class TermsReader {
  readonly #modes: ReadonlyMap<string, Objective>;
  readonly #recipes: Config['recipes'];
  readonly #tenants: ReadonlyMap<string, TenantPreferences>;

  constructor(config: Config) {
    this.#modes = config.modes;
    this.#recipes = config.recipes;
    this.#tenants = new Map(config.tenants.map((tenant) => [tenant.id, tenant]));
  }

  /** `recipe`: the one that the request asks for; in `auto:NAME` its name stands where a mode's could. */
  read(
    workload: Workload,
    stored: TenantPreferences | null,
    recipe: string | null,
  ): Terms | Refusal {
    const request = workload.preferences;
    if (request.mode !== null && request.mode !== recipe) {
      if (!this.#modes.has(request.mode)) return this.#unknown(workload);
      return request;
    }
    const configured =
      this.#tenants.get(workload.caller.tenant) ?? this.#tenants.get('*') ?? NO_PREFERENCES;
    const { mode, weights } = this.#overlay(configured, stored);
    const isSilent = request.weights === null && request.limits === null;
    if (mode === null && weights === null && isSilent) return NO_TERMS;
    return { mode, weights: merged(weights, request.weights), limits: request.limits };
  }

  /** Says where the unknown name stands, and what could stand there. */
  #unknown({ requestedModel, preferences, caller }: Workload): Refusal {
    if (virtualModel(requestedModel) !== preferences.mode) return unknownMode(this.#modes.keys());
    const open = this.#recipes.filter(
      ({ roles }) => roles === null || roles.some((role) => caller.roles.includes(role)),
    );
    return unknownVirtualModel([...this.#modes.keys(), ...open.map(({ name }) => name)]);
  }

  /** A stored mode that a newer policy has dropped counts as not stored. */
  #overlay(configured: TenantPreferences, stored: TenantPreferences | null): TenantPreferences {
    if (stored === null) return configured;
    const hasMode = stored.mode !== null && this.#modes.has(stored.mode);
    return {
      mode: hasMode ? stored.mode : configured.mode,
      weights: stored.weights ?? (hasMode ? null : configured.weights),
    };
  }

  /** A mandate with the terms and the rules of one request. */
  apply(mandate: Mandate, terms: Terms, rules: Mandate['rules']): Mandate {
    if (terms === NO_TERMS && rules.length === 0) return mandate;
    const objective = terms.mode === null ? mandate.objective : this.#modes.get(terms.mode)!;
    return {
      kind: 'mandate',
      route: mandate.route,
      isNamed: mandate.isNamed,
      models: mandate.models,
      rules,
      mode: terms.mode ?? mandate.mode,
      objective: reweigh(objective, terms.weights),
      limits: tighten(mandate.limits, terms.limits),
      ...(mandate.exploration !== undefined && { exploration: mandate.exploration }),
      injection: mandate.injection,
      answer: mandate.answer,
      tools: mandate.tools,
      attempts: mandate.attempts,
      ...(mandate.queue !== undefined && { queue: mandate.queue }),
    };
  }
}

function merged(
  below: Partial<Objective> | null,
  above: Partial<Objective> | null,
): Partial<Objective> | null {
  if (below === null || above === null) return above ?? below;
  return { ...below, ...above };
}
