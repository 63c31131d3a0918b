import { workerOf } from '../kernel/index.ts';
import type { Clock, DecisionId, TenantId } from '../kernel/index.ts';
import type { Feedback, FeedbackAnswer, FeedbackConfig, Outcome } from '../contract/index.ts';
import { confidencesOf, contextOf } from '../estimate/index.ts';
import type { BourseEvent, OtherVerdict, Store, StoredVerdict } from '../contract/index.ts';
import type { Verdict, VerdictSource } from '../contract/index.ts';

export interface FeedbackPort {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => FeedbackConfig;
  /** A verdict that teaches. */
  onVerdict(verdict: Verdict): void;
  /** A verdict that was kept for the first time. */
  onKept(source: VerdictSource): void;
}

/** An answer may be judged before its outcome is stored: it is looked for so often, so far apart. */
const LOOKS = 11;
const LOOK_AGAIN_MS = 100;
/** Calls that were guarded, whose answers have not ended yet. */
const GUARDED_MAX = 1_000;
const TENANTS_MAX = 10_000;
const HOUR_MS = 3_600_000;

/** One thing that is said of an answer. */
interface Word {
  readonly source: VerdictSource;
  /** As the ledger names its source; unset: so. */
  readonly stored?: StoredVerdict['source'];
  readonly score: number;
  readonly judge?: string;
  readonly propensity?: number;
  /** The client's text; unset: none. */
  readonly correction?: string | null;
}

/** Takes judgements of earlier answers: each is kept once, and teaches where its tenant has not taught enough. */
export class FeedbackDesk {
  readonly #port: FeedbackPort;
  readonly #guarded = new Set<DecisionId>();
  readonly #taught = new Map<TenantId, number>();
  #hour = 0;
  #lastKept: Promise<unknown> = Promise.resolve();

  constructor(port: FeedbackPort) {
    this.#port = port;
  }

  async take(tenant: TenantId, feedback: Feedback): Promise<FeedbackAnswer> {
    try {
      const outcome = await this.#find(tenant, feedback.decision);
      if (outcome === null) return { kind: 'unknown' };
      const recorded: VerdictSource[] = [];
      const known: VerdictSource[] = [];
      for (const [source, score] of scoresOf(feedback)) {
        const correction = source === 'correction' ? (feedback.correction ?? null) : null;
        const isNew = await this.#keep(outcome, { source, score, correction });
        (isNew ? recorded : known).push(source);
      }
      return { kind: 'taken', recorded, known };
    } catch {
      return { kind: 'failed' };
    }
  }

  /** An answer called a tool that its request did not have: its model erred. */
  onGuarded(decision: DecisionId): void {
    if (this.#guarded.size < GUARDED_MAX) this.#guarded.add(decision);
  }

  onOutcomes(outcomes: readonly Outcome[]): void {
    if (this.#guarded.size === 0) return;
    for (const outcome of outcomes) {
      if (!this.#guarded.delete(outcome.decision)) continue;
      this.#keep(outcome, { source: 'guard', score: 0 }).catch(() => undefined);
    }
  }

  /** A judge of the policy has graded an answer. Never rejects. */
  async onJudged(event: Extract<BourseEvent, { kind: 'answer-judged' }>): Promise<void> {
    const { judge, form, score, propensity } = event;
    if (score === null) return;
    const stored = form === 'pairwise' ? (`pair:${judge}` as const) : (`judge:${judge}` as const);
    await this.#keepLater(event.decision, { source: 'judge', stored, judge, score, propensity });
  }

  /** Something speaks against an answer. Never rejects. */
  onDoubted({ decision, source }: Extract<BourseEvent, { kind: 'answer-doubted' }>): Promise<void> {
    return this.#keepLater(decision, { source, score: 0 });
  }

  async #keepLater(decision: DecisionId, word: Word): Promise<void> {
    try {
      const outcome = await this.#find(null, decision);
      if (outcome !== null) await this.#keep(outcome, word);
    } catch {
      // A store that does not take it is told of by the journal.
    }
  }

  /** Null where there is none of this tenant's (of anybody's, where no tenant is named). A stranger's is looked for as long, so that time tells nothing. */
  async #find(tenant: TenantId | null, decision: string): Promise<Outcome | null> {
    if (workerOf(decision) === null) return null;
    for (let look = 1; ; look++) {
      const outcome = await this.#port.store.ledger.outcome(decision);
      if (outcome !== null && (tenant === null || outcome.tenant === tenant)) return outcome;
      if (look === LOOKS) return null;
      await new Promise<void>((resolve) => void this.#port.clock.after(LOOK_AGAIN_MS, resolve));
    }
  }

  /** Whether it is the first word of its source on the decision. One after the other, so that each hears those before. */
  #keep(outcome: Outcome, word: Word): Promise<boolean> {
    const kept = this.#lastKept.then(() => this.#keepNow(outcome, word));
    this.#lastKept = kept.catch(() => undefined);
    return kept;
  }

  async #keepNow(outcome: Outcome, word: Word): Promise<boolean> {
    const port = this.#port;
    const { source, score, judge, propensity, correction = null } = word;
    const { decision, model, domain = null, band = null } = outcome;
    const atMs = port.clock.nowMs();
    const note = port.config().keepsCorrections ? correction : null;
    const before = await port.store.ledger.verdicts(decision);
    const stored: StoredVerdict = { decision, source: word.stored ?? source, atMs, score, note };
    if (!(await port.store.addVerdict(stored))) return false;
    port.onKept(source);
    // What the operator's own judges say is rationed by shares and budgets.
    if (model === null || (source !== 'judge' && !this.#mayTeach(outcome.tenant, atMs)))
      return true;
    const others = before
      .map(heard)
      .filter((other) => judge === undefined || other.judge !== judge);
    port.onVerdict({
      decision,
      source,
      atMs,
      model,
      domain,
      band,
      score,
      ...(judge !== undefined && { judge }),
      ...(propensity !== undefined && { propensity }),
      ...(others.length > 0 && { others }),
      ...contextOf(outcome),
      ...confidencesOf(outcome),
    });
    return true;
  }

  #mayTeach(tenant: TenantId, atMs: number): boolean {
    const hour = Math.floor(atMs / HOUR_MS);
    if (hour !== this.#hour) this.#taught.clear();
    this.#hour = hour;
    const taught = this.#taught.get(tenant) ?? 0;
    const isFull = taught === 0 && this.#taught.size >= TENANTS_MAX;
    if (isFull || taught >= this.#port.config().taughtPerTenantHour) return false;
    this.#taught.set(tenant, taught + 1);
    return true;
  }
}

function scoresOf(feedback: Feedback): (readonly [VerdictSource, number])[] {
  const { score, thumb, correction, fit } = feedback;
  const scores: (readonly [VerdictSource, number])[] = [];
  if (score !== undefined) scores.push(['score', score]);
  if (thumb !== undefined) scores.push(['thumb', thumb === 'up' ? 1 : 0]);
  if (correction !== undefined) scores.push(['correction', 0]);
  // A model that is more than was needed was right; one that is too weak was not.
  if (fit !== undefined) scores.push(['fit', fit === 'overprovisioned' ? 1 : 0]);
  return scores;
}

/** A stored verdict, as one of several voices on an answer. */
function heard({ source, score }: StoredVerdict): OtherVerdict {
  const [, judge] = /^(?:judge|pair):(.*)$/.exec(source) ?? [];
  if (judge !== undefined) return { source: 'judge', judge, score };
  return { source: source as VerdictSource, judge: null, score };
}
