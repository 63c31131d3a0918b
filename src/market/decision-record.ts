import { isRefusal, TOPIC_IN_VIEW } from '../contract/index.ts';
import type {
  Award,
  Bid,
  Decision,
  Exclusion,
  Explored,
  Mandate,
  Policy,
} from '../contract/index.ts';
import type { Quotes, Refusal, SessionHold, SpentReading, Topic } from '../contract/index.ts';
import type { MarketRefusal } from './award.ts';
import { storedView } from './stored-view.ts';
import type { StoredAnswerView } from '../contract/index.ts';
import { PackedBids } from './packed-bids.ts';
import { PackedReadings } from './packed-readings.ts';

/** Names of models are short; a longer one is the client's text, cut and copied so that it keeps no body alive. */
const MODEL_NAME_MAX = 128;

const NO_QUOTES: Quotes = { bids: [], excluded: [] };

/** What is kept of a decision: scalars, and values that hold no text of the client. Written over when its turn comes. */
export class DecisionRecord {
  id = '';
  /** The place in the order in which decisions were remembered. */
  order = 0;
  receivedAtMs = 0;
  surface = '';
  tenant = '';
  requestedModel = '';
  archetype = '';
  promptBytes = 0;
  policy: Policy;
  mandate: Mandate | null = null;
  refusal: Pick<Refusal, 'reason' | 'message'> | null = null;
  propensity: number | null = null;
  explored: Explored | null = null;
  excluded: readonly Exclusion[] = [];
  topic: Topic | null = null;
  heldBy: SessionHold['by'] | null = null;
  stored: StoredAnswerView | null = null;
  readonly #bids = new PackedBids();
  readonly #readings = new PackedReadings();
  /** NaN where there is none: a number in place, where a number or null would be an object apart. */
  #clearingScore = NaN;

  constructor(policy: Policy) {
    this.policy = policy;
  }

  write(decision: Decision): void {
    const { workload, policy, signals, mandate, result } = decision;
    this.id = workload.id;
    this.receivedAtMs = workload.receivedAtMs;
    this.surface = workload.surface;
    this.tenant = workload.caller.tenant;
    this.requestedModel = shortName(workload.requestedModel);
    this.archetype = workload.archetype().key;
    this.promptBytes = workload.promptBytes;
    this.policy = policy;
    this.#readings.pack(signals.readings());
    this.mandate = mandate;
    this.topic = signals.share(TOPIC_IN_VIEW).topic;
    this.stored = mandate?.cache === undefined ? null : storedView(decision);
    if (isRefusal(result)) this.#writeRefusal(result);
    else this.#writeAward(result);
  }

  /** Best first. */
  bids(): Bid[] {
    return this.mandate === null ? [] : this.#bids.unpack(this.mandate);
  }

  readings(): readonly (SpentReading | undefined)[] {
    return this.#readings.unpack();
  }

  clearingScore(): number | null {
    return Number.isNaN(this.#clearingScore) ? null : this.#clearingScore;
  }

  #writeAward({ ranked, excluded, clearingScore, propensity, explored, hold }: Award): void {
    this.refusal = null;
    this.heldBy = hold === undefined ? null : hold.by;
    this.#clearingScore = clearingScore ?? NaN;
    this.propensity = propensity;
    this.explored = explored ?? null;
    this.excluded = excluded;
    this.#bids.pack(ranked);
  }

  /** A refusal of the market or of a budget has its quotes; one of the policy never got that far. */
  #writeRefusal(refusal: Refusal): void {
    const { bids, excluded } = (refusal as Partial<MarketRefusal>).quotes ?? NO_QUOTES;
    this.refusal = { reason: refusal.reason, message: refusal.message };
    this.heldBy = null;
    this.#clearingScore = NaN;
    this.propensity = null;
    this.explored = null;
    this.excluded = excluded;
    this.#bids.pack([...bids].sort((a, b) => a.score - b.score));
  }
}

function shortName(name: string): string {
  if (name.length <= MODEL_NAME_MAX) return name;
  return `${Array.from(name.slice(0, MODEL_NAME_MAX)).join('')}…`;
}
