import type { Instance, InstanceState, LedgerTotals } from '../../contract/index.ts';

/**
 * JSON of anything the backend answers with: BigInts as decimal strings, maps as objects, sets as
 * arrays. A field that is named like a secret never leaves, wherever it stands.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (key, entry: unknown) => {
    if (SECRETS.has(key)) return undefined;
    if (typeof entry === 'bigint') return entry.toString();
    if (entry instanceof Map) return Object.fromEntries(entry);
    if (entry instanceof Set) return [...entry];
    return entry;
  });
}

/** Of instances: their keys, and what their bidders sign with. */
const SECRETS: ReadonlySet<string> = new Set(['apiKey', 'moreApiKeys', 'secret']);

/** An instance as the admin API shows it: the model by its id, the URL without credentials. */
export function instanceView(state: InstanceState): unknown {
  const { instance } = state;
  return {
    id: instance.id,
    model: instance.model.id,
    engine: instance.engine,
    url: withoutCredentials(instance.url),
    hasApiKey: instance.apiKey !== null,
    labels: instance.labels,
    maxRunning: instance.maxRunning,
    ...(instance.options !== undefined && { options: instance.options }),
    source: instance.source,
    ...(instance.owner !== undefined && {
      owner: instance.owner,
      quotesItself: instance.bidder !== undefined,
    }),
    lifecycle: state.lifecycle,
    reason: state.reason,
    observedAt: state.observedAtMs === null ? null : new Date(state.observedAtMs).toISOString(),
    telemetry: state.telemetry,
    features: state.features,
  };
}

/** Sums of the ledger; money also as exact decimal USD, energy as exact decimal joules. */
export function ledgerView(tenant: string | null, totals: LedgerTotals): unknown {
  return {
    tenant,
    ...totals,
    usd: decimal(totals.picoUsd, 12),
    joules: decimal(totals.microjoules, 6),
  };
}

/** `value / 10^places`, exactly. */
export function decimal(value: bigint, places: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function withoutCredentials(url: Instance['url']): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return url;
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '');
}
