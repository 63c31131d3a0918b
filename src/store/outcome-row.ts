import { extrasOf } from '../contract/index.ts';
import type {
  AttemptRecord,
  AttemptShare,
  ComplexityBand,
  Outcome,
  OutcomeExtras,
} from '../contract/index.ts';

/** A row of the ledger as SQLite gives it. */
export interface LedgerRow {
  readonly decision: string;
  readonly at_ms: number;
  readonly tenant: string;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  readonly pico_usd: number;
  readonly microjoules: number;
  readonly detail: string;
}

type AttemptCells = readonly [
  instance: string,
  result: AttemptRecord['result'],
  status: number | null,
  ttftMs: number | null,
  totalMs: number,
  promisedTtftMs: number | null,
  promisedLatencyMs: number | null,
  promisedWaitMs: number | null,
  promisedOutputTokens: number | null,
  batch?: number | null,
  turns?: number | null,
  pendingTokens?: number | null,
  quoted?: AttemptRecord['quoted'] | null,
  share?: AttemptShare,
];

/** What no sum needs, in the order of `Outcome`; an array, since keys would double its bytes. */
type Detail = readonly [
  surface: Outcome['surface'],
  key: string,
  user: string | null,
  route: string,
  mode: string,
  instance: string | null,
  model: string | null,
  archetype: string,
  promptBytes: number,
  status: Outcome['status'],
  httpStatus: number,
  finishReason: string | null,
  isEstimated: boolean,
  energySource: Outcome['energySource'],
  ttftMs: number | null,
  totalMs: number,
  perTokenMs: number | null,
  attempts: readonly AttemptCells[],
  reservation: string | null,
  /** Rows that were written before there were topics end here. */
  domain?: string | null,
  band?: ComplexityBand | null,
  extras?: OutcomeExtras,
];

export function detailOf(outcome: Outcome): string {
  const detail: Detail = [
    outcome.surface,
    outcome.key,
    outcome.user,
    outcome.route,
    outcome.mode,
    outcome.instance,
    outcome.model,
    outcome.archetype,
    outcome.promptBytes,
    outcome.status,
    outcome.httpStatus,
    outcome.finishReason,
    outcome.usage.isEstimated,
    outcome.energySource,
    short(outcome.ttftMs),
    short(outcome.totalMs),
    short(outcome.perTokenMs),
    outcome.attempts.map((attempt) => [
      attempt.instance,
      attempt.result,
      attempt.status,
      short(attempt.ttftMs),
      short(attempt.totalMs),
      short(attempt.promisedTtftMs),
      short(attempt.promisedLatencyMs),
      short(attempt.promisedWaitMs),
      short(attempt.promisedOutputTokens),
      short(attempt.batch),
      short(attempt.turns),
      short(attempt.pendingTokens),
      ...lastCells(attempt),
    ]),
    outcome.reservation,
  ];
  const { domain = null, band = null } = outcome;
  const extras = extrasOf(outcome);
  if (extras !== null) return JSON.stringify([...detail, domain, band, extras]);
  return JSON.stringify(domain === null ? detail : [...detail, domain, band]);
}

/** What only some attempts have: rows end before it. */
function lastCells({ quoted, share }: AttemptRecord): [AttemptCells[12]?, AttemptShare?] {
  if (share !== undefined) return [quoted ?? null, share];
  return quoted === undefined ? [] : [quoted];
}

/** Three decimals: what a digit more costs in bytes, no reader needs. */
function short<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 1000) / 1000) as T;
}

export function outcomeOf(row: LedgerRow): Outcome {
  const detail = JSON.parse(row.detail) as Detail;
  return {
    decision: row.decision as Outcome['decision'],
    atMs: row.at_ms,
    surface: detail[0],
    tenant: row.tenant as Outcome['tenant'],
    key: detail[1] as Outcome['key'],
    user: detail[2],
    route: detail[3],
    mode: detail[4],
    instance: detail[5] as Outcome['instance'],
    model: detail[6] as Outcome['model'],
    archetype: detail[7],
    ...topicOf(detail),
    promptBytes: detail[8],
    status: detail[9],
    httpStatus: detail[10],
    finishReason: detail[11],
    usage: {
      promptTokens: row.prompt_tokens,
      cachedTokens: row.cached_tokens,
      outputTokens: row.output_tokens,
      isEstimated: detail[12],
    },
    costPicoUsd: row.pico_usd,
    energyMicrojoules: row.microjoules,
    energySource: detail[13],
    ttftMs: detail[14],
    totalMs: detail[15],
    perTokenMs: detail[16],
    attempts: detail[17].map(attemptOf),
    reservation: detail[18],
    ...detail[EXTRAS_PLACE],
  };
}

function topicOf(detail: Detail): Pick<Outcome, 'domain' | 'band'> {
  const [domain = null, band = null] = detail.slice(TOPIC_PLACE) as [string?, ComplexityBand?];
  return domain === null ? {} : { domain, band };
}

/** Where the topic stands in a `Detail`. */
const TOPIC_PLACE = 19;
/** Behind it: what only some outcomes have. */
const EXTRAS_PLACE = 21;

function attemptOf(cells: AttemptCells): AttemptRecord {
  return {
    instance: cells[0] as AttemptRecord['instance'],
    result: cells[1],
    status: cells[2],
    ttftMs: cells[3],
    totalMs: cells[4],
    promisedTtftMs: cells[5],
    promisedLatencyMs: cells[6],
    promisedWaitMs: cells[7],
    promisedOutputTokens: cells[8],
    batch: cells[9] ?? null,
    turns: cells[10] ?? null,
    pendingTokens: cells[11] ?? null,
    ...(cells[12] !== undefined && cells[12] !== null && { quoted: cells[12] }),
    ...(cells[13] !== undefined && { share: cells[13] }),
  };
}
