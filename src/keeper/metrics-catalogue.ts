/** One metric of `/metrics`. docs/reference/metrics.md lists the same; a test holds the two against each other. */
export interface MetricEntry {
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending; +Inf is added. */
  readonly buckets?: readonly number[];
}

const STAGE_SECONDS = [
  5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 1e-2, 5e-2, 0.25, 1,
] as const;
const REQUEST_SECONDS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
] as const;

const counter = (name: string, labels: readonly string[], help: string): MetricEntry => ({
  name: `bourse_${name}`,
  type: 'counter',
  help,
  labels,
});
const gauge = (name: string, labels: readonly string[], help: string): MetricEntry => ({
  name: `bourse_${name}`,
  type: 'gauge',
  help,
  labels,
});
const histogram = (
  name: string,
  labels: readonly string[],
  help: string,
  buckets: readonly number[],
): MetricEntry => ({ name: `bourse_${name}`, type: 'histogram', help, labels, buckets });

/** Everything that `/metrics` can show. No label ever holds a client's text. */
export const METRICS = {
  requests: counter(
    'requests_total',
    ['surface', 'route', 'model', 'status'],
    'Requests that were settled, by how they ended.',
  ),
  refusals: counter(
    'refusals_total',
    ['reason'],
    'Requests that were refused before any attempt: a reason of the director, or a code of the server.',
  ),
  guardedCalls: counter(
    'guarded_tool_calls_total',
    ['source', 'action'],
    'Tool calls that were kept from clients: the rule, or undeclared, and drop or block.',
  ),
  verdicts: counter(
    'verdicts_total',
    ['source'],
    'Judgements of answers: score, thumb, correction and fit are feedback, guard is a call of an undeclared tool, judge is a judge of the policy; tool-failure, retry, truncated and refused speak against an answer.',
  ),
  judgements: counter(
    'judgements_total',
    ['judge', 'form', 'result'],
    'Questions to judges, by how they ended: graded, tied, unreadable, failed or refused (by a budget or a constraint). form is absolute or pairwise.',
  ),
  attempts: counter(
    'attempts_total',
    ['instance', 'result'],
    'Dispatches to instances, by how they ended.',
  ),
  tokens: counter(
    'tokens_total',
    ['model', 'kind'],
    'Tokens used; kind is prompt, cached (part of prompt) or output.',
  ),
  cost: counter('cost_usd_total', ['model'], 'What the served requests cost, in USD.'),
  energy: counter(
    'energy_joules_total',
    ['model', 'source'],
    "Energy of the served requests, in joules; source is engine (from its power), curve (from the model's power curve) or unknown.",
  ),
  ttft: histogram('ttft_seconds', ['model'], 'Time to the first token.', REQUEST_SECONDS),
  requestTime: histogram(
    'request_seconds',
    ['model'],
    'Time from arrival to the end of the answer.',
    REQUEST_SECONDS,
  ),
  stage: histogram(
    'stage_seconds',
    ['stage'],
    'Time spent in each stage of a request.',
    STAGE_SECONDS,
  ),
  events: counter('events_total', ['kind'], 'Events of the exchange, by kind.'),
  instanceState: gauge(
    'instance_state',
    ['instance', 'model', 'state'],
    '1 for the state that the instance is in: ready, draining, down or unknown.',
  ),
  instanceRunning: gauge(
    'instance_running_requests',
    ['instance', 'model'],
    'Requests that the instance says it runs.',
  ),
  instanceWaiting: gauge(
    'instance_waiting_requests',
    ['instance', 'model'],
    'Requests that the instance says are queued.',
  ),
  instanceKvUsage: gauge(
    'instance_kv_usage_ratio',
    ['instance', 'model'],
    'Share of the KV memory in use, 0 to 1.',
  ),
  budgetUsed: gauge(
    'budget_used_ratio',
    ['rule', 'scope', 'quantity'],
    'Settled and reserved over the limit, for budgets that do not tell users apart.',
  ),
  budgetWarnings: counter(
    'budget_warnings_total',
    ['rule', 'quantity', 'level'],
    'Times that spending passed 0.8 or 0.95 of a budget.',
  ),
  budgetLead: gauge(
    'budget_lead_ratio',
    ['rule', 'scope', 'quantity'],
    'By how much of its target the spending of a paced budget is ahead of schedule; below 0: behind.',
  ),
  shadowPrice: gauge(
    'budget_shadow_price_usd',
    ['rule', 'scope', 'quantity'],
    'What a paced budget adds to bids: USD per USD, per token or per joule.',
  ),
  cacheLookups: counter(
    'cache_lookups_total',
    ['route', 'status'],
    'Requests of routes with a cache, by how they met it: hit, semantic, coalesced (waited for the same request), miss or bypass.',
  ),
  cacheStored: counter('cache_stored_total', ['route'], 'Answers that were stored.'),
  cacheRemoved: counter(
    'cache_removed_total',
    ['reason'],
    'Stored answers that are gone: replaced (by a newer one), room, route (its own limit), expired, judged (wrong, by feedback) or forgotten (by the admin API).',
  ),
  cacheExplored: counter(
    'cache_explored_total',
    ['route', 'result'],
    'Requests that a stored answer could have served by meaning and a model did, to compare the two: same or different.',
  ),
  cacheSavedCost: counter(
    'cache_saved_usd_total',
    ['model'],
    'What hits would have cost, by what their answers had cost, in USD.',
  ),
  cacheSavedTokens: counter(
    'cache_saved_tokens_total',
    ['model', 'kind'],
    'Tokens of the answers that hits gave again; kind is prompt or output.',
  ),
  cacheEntries: gauge(
    'cache_entries',
    ['worker'],
    'Stored answers that the worker knows. Workers of one host know the same ones.',
  ),
  cacheBytes: gauge('cache_bytes', ['worker'], 'Memory that they take, as the cache counts it.'),
  cacheExpectedErrors: gauge(
    'cache_expected_errors',
    ['route'],
    'Wrong answers that are expected among those that were served by meaning.',
  ),
  cacheAllowedErrors: gauge(
    'cache_allowed_errors',
    ['route'],
    'Wrong answers that maxErrorRate allows among the requests so far.',
  ),
  cacheBoundUsed: gauge(
    'cache_bound_used_ratio',
    ['route'],
    'Expected over allowed wrong answers: 1 is the bound.',
  ),
  storeQueue: gauge('store_queue_outcomes', [], 'Outcomes that wait for a commit.'),
  storeWritable: gauge('store_writable', [], '1 while the store takes commits.'),
  policyGeneration: gauge('policy_generation', [], 'Generation of the running policy.'),
  beliefsGeneration: gauge('beliefs_generation', [], 'Generation of the published beliefs.'),
  modelAccuracy: gauge(
    'model_accuracy_ratio',
    ['model'],
    'Believed share of right answers of the model over all topics, 0 to 1.',
  ),
  judgeReliability: gauge(
    'judge_reliability_ratio',
    ['judge'],
    'How much of a certain verdict one of the judge counts, 0 to 1: learned from what others say of the same answers.',
  ),
  workers: gauge('workers', [], 'Workers attached to the keeper.'),
} as const satisfies Record<string, MetricEntry>;
