import type { Objective } from '../../contract/index.ts';
import type { FleetPlan } from '../fleet-file.ts';
import type { MarketRun } from '../virtual/run-market.ts';
import type { SimulatedRequest } from '../virtual/simulated-request.ts';

/** What is measured of one run, by name. Times in milliseconds. Shares are of 1. */
export const MEASURES = [
  'ttftMeanMs',
  'ttftP50Ms',
  'ttftP99Ms',
  'perTokenMeanMs',
  'perTokenP50Ms',
  'perTokenP99Ms',
  'latencyMeanMs',
  'latencyP50Ms',
  'latencyP99Ms',
  'goodput',
  'served',
  'rejected',
  'failed',
  'costUsd',
  'joules',
  'fleetJoules',
  'tokensPerJoule',
  'hitRate',
  'fairness',
  'scoreUsd',
] as const;

export type Measures = Readonly<Record<(typeof MEASURES)[number], number>>;

/** So much of a run is not counted, for every router alike: the fleet is empty then, and what learns has seen nothing. */
export const WARM_UP_SHARE = 0.1;

/**
 * Times are of the requests that were served; **goodput** is the share of *all* requests that were served within both
 * objectives, so that what was rejected or failed counts against it. Fairness is Jain's index over the tenants'
 * goodputs. The score is the exchange's own, of what really happened; a request that was not served has waited
 * as long as a client's patience and got a wrong answer. Joules are those of iterations; the fleet's include its idle time.
 */
export function measure(run: MarketRun, plan: FleetPlan): Measures {
  const counted = run.requests.slice(Math.floor(run.requests.length * WARM_UP_SHARE));
  const served = counted.filter(({ status }) => status === 'ok');
  const ttft = spread(served.map(({ firstTokenMs, arrivedMs }) => firstTokenMs! - arrivedMs));
  const latency = spread(served.map(({ endedMs, arrivedMs }) => endedMs! - arrivedMs));
  const pace = spread(served.filter(({ outputTokens }) => outputTokens > 1).map(perTokenMs));
  const sum = (value: (request: SimulatedRequest) => number): number =>
    counted.reduce((total, request) => total + value(request), 0);
  const share = (status: SimulatedRequest['status']): number =>
    counted.reduce((count, request) => count + (request.status === status ? 1 : 0), 0) /
    counted.length;
  const promptTokens = served.reduce((total, { asked }) => total + asked.promptTokens, 0);
  const cachedTokens = served.reduce((total, request) => total + request.cachedTokens, 0);
  const outputTokens = run.requests.reduce((total, request) => total + request.outputTokens, 0);
  return {
    ttftMeanMs: ttft.mean,
    ttftP50Ms: ttft.p50,
    ttftP99Ms: ttft.p99,
    perTokenMeanMs: pace.mean,
    perTokenP50Ms: pace.p50,
    perTokenP99Ms: pace.p99,
    latencyMeanMs: latency.mean,
    latencyP50Ms: latency.p50,
    latencyP99Ms: latency.p99,
    goodput: counted.filter((request) => isGood(request, plan)).length / counted.length,
    served: share('ok'),
    rejected: share('rejected'),
    failed: share('failed'),
    costUsd: sum((request) => costUsd(request, plan)),
    joules: sum(({ joules }) => joules),
    fleetJoules: run.fleetJoules,
    tokensPerJoule: outputTokens / run.fleetJoules,
    hitRate: promptTokens === 0 ? 0 : cachedTokens / promptTokens,
    fairness: jain(tenantGoodputs(counted, plan)),
    scoreUsd: sum((request) => scoreUsd(request, plan)) / counted.length,
  };
}

const perTokenMs = ({ endedMs, firstTokenMs, outputTokens }: SimulatedRequest): number =>
  (endedMs! - firstTokenMs!) / (outputTokens - 1);

function isGood(request: SimulatedRequest, { slo }: FleetPlan): boolean {
  if (request.status !== 'ok') return false;
  if (request.firstTokenMs! - request.arrivedMs > slo.ttftMs) return false;
  return request.outputTokens < 2 || perTokenMs(request) <= slo.perTokenMs;
}

function costUsd(request: SimulatedRequest, { instances }: FleetPlan): number {
  if (request.status !== 'ok') return 0;
  const { price } = instances[request.instance!]!;
  const { asked, cachedTokens, outputTokens } = request;
  const usd =
    (asked.promptTokens - cachedTokens) * price.inputPerMTok +
    cachedTokens * price.cachedInputPerMTok +
    outputTokens * price.outputPerMTok;
  return usd / 1e6;
}

function scoreUsd(request: SimulatedRequest, plan: FleetPlan): number {
  const { usdPerSecond, usdPerError, usdPerKilojoule }: Objective = plan.objective;
  const isServed = request.status === 'ok';
  const seconds = (isServed ? request.endedMs! - request.arrivedMs : plan.patienceMs) / 1000;
  const accuracy = isServed ? plan.instances[request.instance!]!.accuracy : 0;
  return (
    costUsd(request, plan) +
    usdPerSecond * seconds +
    usdPerError * (1 - accuracy) +
    (usdPerKilojoule * request.joules) / 1000
  );
}

function tenantGoodputs(requests: readonly SimulatedRequest[], plan: FleetPlan): number[] {
  const tenants = new Map<string, { good: number; all: number }>();
  for (const request of requests) {
    let tenant = tenants.get(request.tenant);
    if (tenant === undefined) tenants.set(request.tenant, (tenant = { good: 0, all: 0 }));
    tenant.all++;
    if (isGood(request, plan)) tenant.good++;
  }
  return [...tenants.values()].map(({ good, all }) => good / all);
}

/** `(Σx)² / (n·Σx²)` (Jain, Chiu and Hawe 1984): 1 where all have the same, 1/n where one has all. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** NaN where there is nothing. */
export function spread(values: number[]): Spread {
  values.sort((a, b) => a - b);
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)] ?? Number.NaN;
  const sum = values.reduce((total, value) => total + value, 0);
  return { mean: sum / values.length, p50: at(0.5), p99: at(0.99) };
}
