import { fault } from '../kernel/index.ts';
import type { Timer } from '../kernel/index.ts';
import type {
  AttemptsResult,
  AwardedDecision,
  Bid,
  FleetSnapshot,
  FlowController,
  HedgePlan,
  LocalLoad,
  ResponseSink,
} from '../contract/index.ts';
import { normalQuantile, occupancy, polledOf } from '../estimate/index.ts';
import { asideOf, totalOf } from './charges.ts';
import type { Charge } from './charges.ts';
import { usdText } from './answer-headers.ts';
import type { HedgeShare } from './hedge-share.ts';
import { Serving } from './serving.ts';
import type { BidLine, Client, ServingTools } from './serving-tools.ts';
import { NO_USAGE, chargeFor } from './settlement.ts';

/** A first token that is due sooner is not waited for by a timer. */
const AFTER_MS_MIN = 1;

/**
 * A request whose first instance is slow to begin is asked of the next one too. Whoever has a first token
 * first serves it, and the other one is given up at once; both are charged. The two share one line of
 * bids, so that no instance gets the request twice, and while one is under way, a failure of the other
 * waits for it instead of asking a third.
 */
export class Hedge implements FlowController, BidLine {
  readonly #tools: ServingTools;
  readonly #decision: AwardedDecision;
  readonly #plan: HedgePlan;
  readonly #share: HedgeShare;
  readonly #client: Client;
  readonly #giveUpMs: number;
  readonly #racers: Racer[] = [];
  readonly #charges: Charge[] = [];
  #next = 0;
  #taken = 0;
  #winner: Racer | null = null;
  #timer: Timer | null = null;
  #isOver = false;

  constructor(tools: ServingTools, decision: AwardedDecision, client: Client, share: HedgeShare) {
    this.#tools = tools;
    this.#decision = decision;
    this.#plan = decision.mandate.hedge!;
    this.#share = share;
    this.#client = client;
    this.#giveUpMs = tools.clock.monotonicMs() + decision.mandate.attempts.totalTimeoutMs;
  }

  proceed(): void {
    const [first] = this.#decision.result.ranked;
    this.#share.count(this.#plan);
    const afterMs = delayOf(this.#plan, first!, this.#decision.workload.isStream);
    this.#timer = this.#tools.clock.after(afterMs, () => this.#onSlow(afterMs));
    this.#enter();
  }

  pause(): void {
    this.#winner?.serving?.pause();
  }

  resume(): void {
    this.#winner?.serving?.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTimer();
    const problem = fault('BRS_ABORTED');
    for (const racer of this.#racers) racer.serving!.abort();
    const stopped = this.#racers.find(({ result }) => result?.status === 'aborted');
    const ending = this.#winner ?? stopped ?? this.#racers[0]!;
    this.#end(ending, () => this.#client.sink.onError(problem));
  }

  /** Of the ranking; null while another racer is under way. */
  next(): Bid | null {
    const { ranked } = this.#decision.result;
    const isShared = this.#racers.filter(({ result }) => result === null).length > 1;
    const isFirst = this.#racers.at(-1)?.hasEntered === false;
    if ((isShared && !isFirst) || this.#taken >= this.#decision.mandate.attempts.max) return null;
    const bid = ranked[this.#next] ?? null;
    if (bid === null) return null;
    this.#next++;
    this.#taken++;
    return bid;
  }

  again(): boolean {
    if (this.#taken >= this.#decision.mandate.attempts.max) return false;
    this.#taken++;
    return true;
  }

  /** The first token, or the whole answer: this racer has won. */
  started(racer: Racer): void {
    this.#winner = racer;
    this.#stopTimer();
    for (const other of this.#racers) if (other !== racer) this.#giveUp(other);
    this.#client.sink.onStart(racer.status, this.#head(racer), this);
  }

  done(racer: Racer): void {
    if (this.#isOver) return;
    const isAlone = this.#racers.every((other) => other === racer || other.result !== null);
    if (this.#winner !== racer && (this.#winner !== null || !isAlone)) return;
    this.#isOver = true;
    this.#stopTimer();
    const { sink } = this.#client;
    const { error } = racer;
    this.#end(racer, () => (error === null ? sink.onEnd() : sink.onError(error)));
  }

  #enter(): void {
    const racer = new Racer(this, this.#client.sink);
    this.#racers.push(racer);
    const serving = new Serving(this.#tools, this.#decision, {
      sink: racer,
      ceiling: this.#client.ceiling,
      onDone: racer.onDone,
      giveUpMs: this.#giveUpMs,
      line: this,
    });
    racer.serving = serving;
    serving.proceed();
    racer.hasEntered = true;
  }

  #onSlow(afterMs: number): void {
    this.#timer = null;
    if (this.#isOver || this.#winner !== null) return;
    const { ranked } = this.#decision.result;
    const { attempts } = this.#decision.mandate;
    const second = ranked[this.#next];
    if (second === undefined || this.#taken >= attempts.max) return;
    const { breakers, fleet, onEvent } = this.#tools;
    const { id } = second.instance;
    if (!breakers.isAvailable(id)) return;
    const known = fleet?.() ?? this.#decision.fleet;
    if (isBusy(second, known, breakers) || meanLoad(ranked, known, breakers) > this.#plan.maxLoad) {
      return;
    }
    if (!this.#share.take(this.#plan)) return;
    onEvent({ kind: 'hedged', decision: this.#decision.workload.id, instance: id, afterMs });
    this.#enter();
  }

  #giveUp(racer: Racer): void {
    if (racer.result === null) racer.serving!.abort();
  }

  #end(racer: Racer, tell: () => void): void {
    for (const other of this.#racers) {
      if (other !== racer && other.result !== null) this.#charges.push(this.#lost(other.result));
    }
    const { clock } = this.#tools;
    const totalMs = clock.monotonicMs() - this.#decision.workload.startedMs;
    const isHedged = this.#racers.length > 1;
    const ending: Charge = { role: 'step', result: racer.result!, confidence: null };
    const result = isHedged ? totalOf(ending, this.#charges, totalMs) : racer.result!;
    try {
      tell();
    } finally {
      this.#client.onDone(result);
    }
  }

  /** Who answers in one piece shows no token of what it had written: its pace tells how many there were. */
  #lost(result: AttemptsResult): Charge {
    const role = 'hedge';
    const { bid, usage, status } = result;
    const isCounted = this.#decision.workload.isStream || status !== 'aborted';
    if (isCounted || bid === null || usage === NO_USAGE) return { role, result, confidence: null };
    const ranMs = result.attempts.at(-1)?.totalMs ?? 0;
    const { ttftMs, latencyMs, outputTokens } = bid;
    const perTokenMs = Math.max(0, latencyMs.mean - ttftMs.mean) / Math.max(1, outputTokens.mean);
    const written = perTokenMs > 0 ? Math.max(0, ranMs - ttftMs.mean) / perTokenMs : 0;
    const most = Math.min(outputTokens.mean, this.#client.ceiling?.ceilingTokens ?? Infinity);
    const used = { ...usage, outputTokens: Math.ceil(Math.min(written, most)) };
    const costPicoUsd = chargeFor(bid, used);
    return { role, confidence: null, result: { ...result, usage: used, costPicoUsd } };
  }

  #head(racer: Racer): Readonly<Record<string, string>> {
    if (this.#racers.length === 1) return racer.headers;
    const lost = this.#racers.flatMap((other) =>
      other !== racer && other.result !== null ? [this.#lost(other.result)] : [],
    );
    const asked = this.#decision.result.ranked.slice(0, this.#next);
    const isPriced = asked.every(({ instance }) => instance.model.price !== null);
    const aside = asideOf(lost);
    const headers: Record<string, string> = { ...racer.headers };
    headers['x-bourse-hedge'] = asked
      .map(({ instance }) => encodeURIComponent(instance.id))
      .join(', ');
    headers['x-bourse-aside-usd'] = isPriced ? usdText(aside) : 'unknown';
    const charged = Number(headers['x-bourse-charged-usd']);
    if (Number.isFinite(charged) && isPriced) {
      headers['x-bourse-charged-usd'] = usdText(Math.round(charged * 1e12) + aside);
    }
    return headers;
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#tools.clock.cancel(this.#timer);
    this.#timer = null;
  }
}

/** One of the two servings: quiet until it has won, and from then on the client's. */
class Racer implements ResponseSink {
  serving: Serving | null = null;
  hasEntered = false;
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  error: Error | null = null;
  result: AttemptsResult | null = null;
  readonly #hedge: Hedge;
  readonly #client: ResponseSink;

  constructor(hedge: Hedge, client: ResponseSink) {
    this.#hedge = hedge;
    this.#client = client;
  }

  onStart(status: number, headers: Readonly<Record<string, string>>, _flow: FlowController): void {
    this.status = status;
    this.headers = headers;
    this.#hedge.started(this);
  }

  onData(chunk: Buffer): boolean {
    return this.#client.onData(chunk);
  }

  onEnd(): void {}

  onError(error: Error): void {
    this.error = error;
  }

  readonly onDone = (result: AttemptsResult): void => {
    this.result = result;
    this.#hedge.done(this);
  };
}

/** How long the first instance is waited for, in milliseconds: what it promised, at the plan's quantile. */
export function delayOf(plan: HedgePlan, bid: Bid, isStream: boolean): number {
  const { mean, deviation } = isStream ? bid.ttftMs : bid.latencyMs;
  const learnedMs = mean + normalQuantile(plan.afterQuantile) * deviation;
  return Math.max(AFTER_MS_MIN, plan.afterMs ?? learnedMs);
}

function occupancyOf({ instance }: Bid, states: FleetSnapshot, load: LocalLoad) {
  const telemetry = states.states.find((state) => state.instance.id === instance.id)?.telemetry;
  if (telemetry === undefined) return null;
  const inFlight = load.inFlight(instance.id);
  const polled = polledOf(telemetry, inFlight);
  const pendingTokens = load.pendingTokens(instance.id);
  return occupancy(instance, telemetry, { inFlight, polled, pendingTokens });
}

/** Somebody waits there already: a second copy would make others wait. */
function isBusy(bid: Bid, fleet: FleetSnapshot, load: LocalLoad): boolean {
  return (occupancyOf(bid, fleet, load)?.ahead ?? 0) > 0;
}

/** Requests over slots, of the instances that may serve: a hedge adds to a load that everybody shares. */
function meanLoad(ranked: readonly Bid[], fleet: FleetSnapshot, load: LocalLoad): number {
  let sum = 0;
  let known = 0;
  for (const bid of ranked) {
    const seen = occupancyOf(bid, fleet, load);
    if (seen === null) continue;
    known++;
    // The batch counts the request that would join.
    sum += Math.min(1, (seen.batch - 1 + seen.ahead) / seen.slots);
  }
  return known === 0 ? 0 : sum / known;
}
