import type { PolicyDraft } from '../draft/policy-draft.ts';
import type { ForeignNode } from '../foreign/foreign-node.ts';
import { takeCount, takeDurationMs, takeNumber, takeText } from '../foreign/take.ts';
import { importContextFallbacks, importFallbacks } from './fallbacks.ts';
import type { ModelGroups } from './models.ts';
import { lookup } from '../foreign/lookup.ts';

/** The mode that wants the same, and what is lost. Null: nothing. */
const STRATEGIES: Readonly<Record<string, readonly [mode: string, lost: string | null]>> = {
  'simple-shuffle': ['economy', 'instances bid: none is drawn by chance, nor by weight'],
  'least-busy': [
    'latency',
    'load counts as waiting: the expected time decides, not requests in flight',
  ],
  'latency-based-routing': ['latency', null],
  'cost-based-routing': ['economy', null],
  'usage-based-routing': ['economy', 'instances bid: rpm and tpm do not spread the load'],
  'usage-based-routing-v2': ['economy', 'instances bid: rpm and tpm do not spread the load'],
};

const ATTEMPTS_MAX = 16;
const OPEN_MS_MAX_DEFAULT = 60_000;

/** Strategy, fallbacks, retries, time-outs and cooldowns. `sections`: router_settings, then litellm_settings. */
export function importRouting(
  sections: readonly ForeignNode[],
  groups: ModelGroups,
  draft: PolicyDraft,
): void {
  const strategy = modeOf(sections);
  const mode = strategy?.mode ?? 'economy';
  const fallbacks = importFallbacks(sections, groups);
  importContextFallbacks(sections, groups, draft, mode);
  const hasChat = [...groups.values()].flat().some(({ kind }) => kind === 'chat');
  if (hasChat) {
    const use = { ...(fallbacks.models !== null && { models: fallbacks.models }), mode };
    draft.add('routes', { name: 'default', use }, 'for clients that ask for "auto"');
  }
  if (strategy !== null && mode !== 'economy') {
    draft.add(
      'tenants',
      { id: '*', mode },
      `from ${strategy.node.origin}: gives requests that name their model the mode too`,
    );
  }
  importAttempts(sections, fallbacks.attempts, draft);
  importBreaker(sections, draft);
}

function modeOf(
  sections: readonly ForeignNode[],
): { readonly mode: string; readonly node: ForeignNode } | null {
  const node = firstNode(sections, 'routing_strategy');
  const name = takeText(node);
  if (node === null || name === null) return null;
  const known = lookup(STRATEGIES, name);
  if (known === undefined) {
    node.drop('no mode stands for this strategy: the mode is economy');
    return null;
  }
  const [mode, lost] = known;
  if (lost !== null) node.change(`mode ${mode}: ${lost}`);
  return { mode, node };
}

function importAttempts(
  sections: readonly ForeignNode[],
  forFallbacks: number | null,
  draft: PolicyDraft,
): void {
  const retriesNode = firstNode(sections, 'num_retries');
  const retries = takeNumber(retriesNode, { min: 0, max: ATTEMPTS_MAX - 1, isWhole: true });
  const max = Math.min(ATTEMPTS_MAX, Math.max(1 + (retries ?? 0), forFallbacks ?? 0));
  if (retries !== null || forFallbacks !== null) {
    const origin = retriesNode?.origin ?? 'fallbacks';
    draft.set('attempts', { max }, `from ${origin}: each attempt is on another instance`);
  }
  const total = firstNode(sections, 'timeout') ?? firstNode(sections, 'request_timeout');
  const totalTimeoutMs = takeDurationMs(total);
  if (total !== null && totalTimeoutMs !== null) {
    total.change('is for the whole request with its retries, not for each attempt');
    draft.set('attempts', { totalTimeoutMs }, `from ${total.origin}`);
  }
  const first = firstNode(sections, 'stream_timeout');
  const firstTokenTimeoutMs = takeDurationMs(first);
  if (first !== null && firstTokenTimeoutMs !== null) {
    first.change('is the time to the first token');
    draft.set('attempts', { firstTokenTimeoutMs }, `from ${first.origin}`);
  }
}

function importBreaker(sections: readonly ForeignNode[], draft: PolicyDraft): void {
  const failsNode = firstNode(sections, 'allowed_fails');
  const allowed = takeNumber(failsNode, { min: 0, max: 1e6, isWhole: true });
  const cooldownNode = firstNode(sections, 'cooldown_time');
  const openMs = takeDurationMs(cooldownNode);
  if (failsNode !== null && allowed !== null) {
    failsNode.change('counts failures in a row, where LiteLLM counts those of a minute');
  }
  if (cooldownNode !== null && openMs !== null) {
    cooldownNode.change(
      'is the first time that a circuit stays open; it doubles with each failure',
    );
  }
  if (allowed === null && openMs === null) return;
  const breaker = {
    ...(allowed !== null && { failures: allowed + 1 }),
    ...(openMs !== null && { openMs, openMsMax: Math.max(openMs, OPEN_MS_MAX_DEFAULT) }),
  };
  const origins = [failsNode, cooldownNode].filter((node) => node !== null);
  draft.set('health', { breaker }, `from ${origins.map(({ origin }) => origin).join('; ')}`);
}

/** The first section that has the key; the key of a later one is then noted as overruled. */
function firstNode(sections: readonly ForeignNode[], key: string): ForeignNode | null {
  const nodes = sections.map((section) => section.at(key)).filter((node) => node !== null);
  for (const later of nodes.slice(1)) {
    later.drop(`line ${nodes[0]!.position.line} goes before it`);
  }
  return nodes[0] ?? null;
}

/** What the proxy as a whole may run at once. */
export function importConcurrency(general: ForeignNode | null, draft: PolicyDraft): void {
  const node = general?.at('global_max_parallel_requests') ?? null;
  const concurrency = takeCount(node);
  if (node === null || concurrency === null) return;
  node.change('is a ceiling of each worker');
  draft.set('server', { limits: { concurrency } }, `limits from ${node.origin}`);
}
