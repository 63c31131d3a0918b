import { workerOf } from '../kernel/index.ts';
import type { Clock, DecisionId, TenantId } from '../kernel/index.ts';
import type { Feedback, FeedbackAnswer, FeedbackConfig, Outcome } from '../contract/index.ts';
import type { Store, StoredVerdict, Verdict, VerdictSource } from '../contract/index.ts';

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

/** Takes judgements of earlier answers: each is kept once, and teaches where its tenant has not taught enough. */
export class FeedbackDesk {
  readonly #port: FeedbackPort;
  readonly #guarded = new Set<DecisionId>();
  readonly #taught = new Map<TenantId, number>();
  #hour = 0;

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
        const isNew = await this.#keep(outcome, source, score, feedback.correction ?? null);
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
      this.#keep(outcome, 'guard', 0, null).catch(() => undefined);
    }
  }

  /** Null where there is none of this tenant's. A stranger's is looked for as long, so that time tells nothing. */
  async #find(tenant: TenantId, decision: string): Promise<Outcome | null> {
    if (workerOf(decision) === null) return null;
    for (let look = 1; ; look++) {
      const outcome = await this.#port.store.ledger.outcome(decision);
      if (outcome !== null && outcome.tenant === tenant) return outcome;
      if (look === LOOKS) return null;
      await new Promise<void>((resolve) => void this.#port.clock.after(LOOK_AGAIN_MS, resolve));
    }
  }

  /** Whether it is the first word of its source on the decision. */
  async #keep(
    outcome: Outcome,
    source: VerdictSource,
    score: number,
    correction: string | null,
  ): Promise<boolean> {
    const port = this.#port;
    const atMs = port.clock.nowMs();
    const isNoted = source === 'correction' && port.config().keepsCorrections;
    const note = isNoted ? correction : null;
    const stored: StoredVerdict = { decision: outcome.decision, source, atMs, score, note };
    if (!(await port.store.addVerdict(stored))) return false;
    port.onKept(source);
    const { decision, model, domain = null, band = null } = outcome;
    if (model !== null && this.#mayTeach(outcome.tenant, atMs)) {
      port.onVerdict({ decision, source, atMs, model, domain, band, score });
    }
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
