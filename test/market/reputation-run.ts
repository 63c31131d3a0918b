import type { Award, Beliefs, ExternalQuote, Mandate, Outcome } from '../../src/contract/index.ts';
import { isRefusal, NO_BELIEFS } from '../../src/contract/index.ts';
import { createRng } from '../../src/kernel/index.ts';
import type { InstanceId, Rng } from '../../src/kernel/index.ts';
import { createLearners } from '../../src/learning/index.ts';
import { awardBids, createHouseBidder, quoteBids } from '../../src/market/index.ts';
import { clearingOf, paymentFor } from '../../src/market/payment.ts';
import {
  instanceOf,
  mandateOf,
  modelOf,
  stateOf,
  viewOf,
  workloadOf,
} from '../../src/market/fixtures/request.ts';

/** What a bidder says and does at one request. */
export interface Move {
  readonly promisedMs: number;
  readonly trueMs: number;
}

export interface Run {
  readonly requests: number;
  readonly seed: number;
  /** Of the bidder that is watched; `rival` of the other one. Called at every request, served or not. */
  readonly watched: (request: number, rng: Rng) => Move;
  readonly rival: (request: number, rng: Rng) => Move;
  /** Of the auctions in which somebody needs one; unset: nobody is probed. */
  readonly probeShare?: number;
  /** Outcomes that are under way when the next request comes. */
  readonly lag?: number;
}

/** What the watched bidder came to. */
export interface RunResult {
  /** The requests that it served, in order; `probes` of them were given to try it. */
  readonly served: readonly number[];
  readonly probes: number;
  /** Its payments less the cost of what it served, in USD. */
  readonly profitUsd: number;
  readonly ratio: number;
}

/** A second is worth a hundred times what the answer costs. */
const COST_USD = 1e-5;
const OBJECTIVE = { usdPerError: 0, usdPerSecond: 0.001, usdPerKilojoule: 0 };
const SECOND_MS = 1_000;
const NOISE = 0.1;
/** As the policy has them by default. */
const REPUTATION = { alpha: 0.05, graceRatio: 1.1 };

const bidder = { url: 'http://127.0.0.1:1/bid', secret: 'never used here at all' };
const model = modelOf('m', { power: null });
const WATCHED = instanceOf('watched', { model, owner: 'watched', bidder });
const RIVAL = instanceOf('rival', { model, owner: 'rival', bidder });
const learner = createLearners().find(({ name }) => name === 'reputation')!;

/** Auctions between two bidders, one a second, through the market and the learner of service. */
export function runAuctions(run: Run): RunResult {
  const rng = createRng(run.seed);
  const house = [createHouseBidder()];
  const states = [stateOf(WATCHED), stateOf(RIVAL)];
  const mandate = mandateWith(run.probeShare);
  const served: number[] = [];
  const underWay: Outcome[] = [];
  let beliefs: Beliefs = NO_BELIEFS;
  let probes = 0;
  let profitUsd = 0;
  for (let request = 0; request < run.requests; request++) {
    const nowMs = 1_700_000_000_000 + request * SECOND_MS;
    const moves = new Map<InstanceId, Move>([
      [WATCHED.id, run.watched(request, rng)],
      [RIVAL.id, run.rival(request, rng)],
    ]);
    const quotes = new Map([...moves].map(([id, move]) => [id, quoteOf(move)]));
    const view = {
      ...viewOf(states, { beliefs }),
      external: { quotes, missed: [] },
      reserve: { reserveMarkup: 1_000, reserveScoreUsd: null },
    };
    const workload = workloadOf({ receivedAtMs: nowMs });
    const award = awardBids(quoteBids(workload, mandate, view, house), mandate, rng);
    if (isRefusal(award)) throw new Error(award.message);
    const winner = award.ranked[0]!.instance.id;
    const realMs = moves.get(winner)!.trueMs * (1 + NOISE * (2 * rng.next() - 1));
    const outcome = outcomeOf(award, moves.get(winner)!, { realMs, atMs: nowMs });
    if (winner === WATCHED.id) {
      served.push(request);
      if (award.explored?.kind === 'probe') probes++;
      profitUsd += profitOf(mandate, award, realMs);
    }
    underWay.push(outcome);
    const done = underWay.splice(0, Math.max(0, underWay.length - (run.lag ?? 8)));
    const config = { reputation: REPUTATION } as Parameters<typeof learner.learn>[2];
    if (done.length > 0) beliefs = learner.learn(beliefs, done, config);
  }
  const ratio = beliefs.reputation.get(WATCHED.id)?.latencyRatio ?? 1;
  return { served, probes, profitUsd, ratio };
}

function mandateWith(probeShare: number | undefined): Mandate {
  const plain = mandateOf({ objective: OBJECTIVE });
  if (probeShare === undefined) return plain;
  const probes = { share: probeShare, maxLossUsd: 1, beyondLimits: false };
  return {
    ...plain,
    exploration: {
      kind: 'off',
      modes: null,
      width: 1,
      lotShare: 0,
      drawsLatency: false,
      maxLossUsd: 0,
      probes,
    },
  };
}

const quoteOf = ({ promisedMs }: Move): ExternalQuote => ({
  costUsd: { mean: COST_USD, deviation: 0 },
  ttftMs: { mean: promisedMs / 4, deviation: 0 },
  latencyMs: { mean: promisedMs, deviation: 0 },
  energyJoules: null,
});

function profitOf(mandate: Mandate, award: Award, realMs: number): number {
  const served = {
    bid: award.ranked[0]!,
    status: 'ok',
    httpStatus: 200,
    finishReason: 'stop',
    usage: { promptTokens: 100, cachedTokens: 0, outputTokens: 250, isEstimated: false },
    costPicoUsd: 0,
    energyMicrojoules: 0,
    energySource: 'unknown',
    ttftMs: null,
    totalMs: realMs,
    perTokenMs: null,
    attempts: [],
  } as const;
  const payment = paymentFor({ mandate, result: award }, served, 'own-rates', clearingOf)!;
  return payment.picoUsd / 1e12 - COST_USD;
}

function outcomeOf(
  award: Award,
  { promisedMs }: Move,
  { realMs, atMs }: { readonly realMs: number; readonly atMs: number },
): Outcome {
  const { instance } = award.ranked[0]!;
  return {
    instance: instance.id,
    status: 'ok',
    httpStatus: 200,
    atMs,
    usage: { promptTokens: 100, cachedTokens: 0, outputTokens: 250, isEstimated: false },
    energySource: 'unknown',
    energyMicrojoules: 0,
    perTokenMs: null,
    propensity: award.propensity,
    ...(award.explored !== undefined && { explored: award.explored.kind }),
    attempts: [
      {
        instance: instance.id,
        result: 'ok',
        status: 200,
        ttftMs: null,
        totalMs: realMs,
        promisedTtftMs: promisedMs / 4,
        promisedLatencyMs: promisedMs,
        promisedOutputTokens: 250,
        quoted: { energyJoules: null },
      },
    ],
  } as unknown as Outcome;
}
