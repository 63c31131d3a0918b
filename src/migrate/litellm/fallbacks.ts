import type { PolicyDraft } from '../draft/policy-draft.ts';
import { routeNames } from '../draft/names.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeTexts } from '../foreign/take.ts';
import type { ImportedModel, ModelGroups } from './models.ts';

/** `{ primary: [next, …] }` of a list of fallbacks. */
interface Chain {
  readonly node: ForeignNode;
  readonly primary: string;
  readonly next: readonly string[];
}

const NAMED =
  'for requests that ask for "auto": a client that names a model is served by that model alone';

export interface FallbackImport {
  /** The models of the default route; null: all. */
  readonly models: readonly string[] | null;
  /** Attempts that reach every model of the longest chain; null: no chain holds. */
  readonly attempts: number | null;
}

/**
 * Fallbacks hold where one group of models falls back among itself: that is then what requests for
 * `auto` may have, and attempts go down its ranking.
 */
export function importFallbacks(
  sections: readonly ForeignNode[],
  groups: ModelGroups,
): FallbackImport {
  const chains = sections.flatMap((section) => chainsOf(section.at('fallbacks'), groups));
  for (const section of sections) {
    section
      .at('default_fallbacks')
      ?.drop(`the default route falls back down its ranking, ${NAMED}`);
  }
  if (chains.length === 0) return { models: null, attempts: null };
  const joined = joinedWith(chains[0]!, chains);
  for (const { node, primary } of chains) {
    if (joined.has(primary)) {
      node.change(`holds ${NAMED}; the ranking of the market is the order`);
    } else {
      node.drop(
        'no condition tells which model a client named: only one group of fallbacks becomes the default route',
      );
    }
  }
  const models = [...joined].flatMap((name) => chatModels(groups.get(name))).map(({ id }) => id);
  const held = chains.filter(({ primary }) => joined.has(primary));
  const longest = Math.max(...held.map(({ next }) => next.length + 1));
  return { models: [...new Set(models)], attempts: longest };
}

/** Prompts that one model's window does not hold go to those that it names for them. */
export function importContextFallbacks(
  sections: readonly ForeignNode[],
  groups: ModelGroups,
  draft: PolicyDraft,
  mode: string,
): void {
  const chains = sections.flatMap((section) =>
    chainsOf(section.at('context_window_fallbacks'), groups),
  );
  const known = chains.flatMap((chain) => {
    const [model] = groups.get(chain.primary) ?? [];
    const window = model?.facts.contextWindowTokens;
    if (window !== undefined) return [{ ...chain, window }];
    chain.node.drop(
      `the window of "${chain.primary}" is not known: give its model_info.max_input_tokens`,
    );
    return [];
  });
  const names = routeNames();
  for (const [i, chain] of known.toSorted((a, b) => a.window - b.window).entries()) {
    chain.node.change(`holds ${NAMED}`);
    const models = chain.next.flatMap((name) => chatModels(groups.get(name))).map(({ id }) => id);
    const route = {
      name: names.give(`beyond-${chain.primary}`),
      priority: 10 * (i + 1),
      when: { contextTokens: { above: chain.window } },
      use: { models: [...new Set(models)], mode },
    };
    draft.add('routes', route, `from ${chain.node.origin}`);
  }
}

/** Chains of which the primary and at least one other model were carried; others are dropped. */
function chainsOf(list: ForeignNode | null, groups: ModelGroups): readonly Chain[] {
  if (list === null) return [];
  if (list.content.kind !== 'list') {
    list.drop('is not a list');
    return [];
  }
  return list.items.flatMap((item) =>
    item.entries.flatMap(([primary, node]) => {
      const all = takeTexts(node);
      const next = all.filter((name) => chatModels(groups.get(name)).length > 0);
      if (chatModels(groups.get(primary)).length === 0 || next.length === 0) {
        node.drop('no model of it, or none that it falls back to, is in the policy');
        return [];
      }
      if (next.length < all.length) node.change('some of its models are not in the policy');
      return [{ node, primary, next }];
    }),
  );
}

/** Names that chains connect with the first one's, in the order in which they are mentioned. */
function joinedWith(first: Chain, chains: readonly Chain[]): ReadonlySet<string> {
  const joined = new Set([first.primary, ...first.next]);
  for (let size = 0; size < joined.size;) {
    size = joined.size;
    for (const { primary, next } of chains) {
      if (![primary, ...next].some((name) => joined.has(name))) continue;
      for (const name of [primary, ...next]) joined.add(name);
    }
  }
  return joined;
}

const chatModels = (models: readonly ImportedModel[] | undefined): readonly ImportedModel[] =>
  (models ?? []).filter(({ kind }) => kind === 'chat');
