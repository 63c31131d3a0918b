import { fault, unreachable } from '../kernel/index.ts';
import type { Clock, Fault, TenantId } from '../kernel/index.ts';
import type { BourseEvent, BudgetRule, FleetSnapshot, Instance } from '../contract/index.ts';
import type { Feedback, FeedbackAnswer, InstanceState } from '../contract/index.ts';
import type { KeeperClient, Outcome, Policy, WorkerDuties, World } from '../contract/index.ts';
import type { CacheNews, PlacementNews } from '../contract/index.ts';
import { applyDelta } from './beliefs-delta.ts';
import { LeaseGate } from './budget-gate.ts';
import { CacheCalls } from './cache-calls.ts';
import type { Channel } from './channel.ts';
import { systemDefer } from './journal.ts';
import type { Defer } from './journal.ts';
import type { LoadPolicy } from './keeper-options.ts';
import { OutcomeEncoder } from './outcome-codec.ts';
import { PendingCalls } from './pending-calls.ts';
import type { Duty, DutyResult, FleetMessage, PolicyText, StoreHealth } from './protocol.ts';
import type { ToKeeper, ToWorker, Welcome } from './protocol.ts';
import { RateSlices } from './rate-slices.ts';
import { ShadowView } from './shadow-view.ts';
import { SpendingView } from './spending-view.ts';
import type { SpendingCells } from './spending-view.ts';

export interface KeeperClientOptions {
  readonly channel: Channel;
  readonly worker: number;
  readonly clock: Clock;
  /** The same as the keeper's. */
  readonly loadPolicy: LoadPolicy;
  readonly duties: WorkerDuties;
  /** How short delays are waited for. Default: the timers of the process. */
  readonly defer?: Defer;
}

const BATCH_MS = 5;
const BATCH_OUTCOMES = 64;
/** Events and outcomes that the keeper has not yet taken over; past this, further ones are dropped. */
const EVENTS_MAX = 1_000;
const OUTCOMES_BEHIND_MAX = 100_000;
/** How long the keeper may take to answer at the start, at the end and for metrics. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Resolves when the worker knows the world it decides from. */
export async function createKeeperClient(options: KeeperClientOptions): Promise<KeeperClient> {
  const core = new ClientCore(options);
  await core.greet();
  return core;
}

class ClientCore implements KeeperClient {
  readonly worker: number;
  readonly budgets: LeaseGate;
  readonly rates: RateSlices;
  readonly #options: KeeperClientOptions;
  readonly #defer: Defer;
  readonly #metricsCalls = new Map<number, (text: string | null) => void>();
  readonly #feedback: PendingCalls<FeedbackAnswer>;
  readonly cachePeers: CacheCalls;
  #world: World | null = null;
  #instances: readonly Instance[] = [];
  #store: StoreHealth = { isWritable: true, reason: null };
  readonly #encoder = new OutcomeEncoder();
  readonly #spending = new SpendingView();
  readonly #shadow = new ShadowView();
  #outcomes: Outcome[] = [];
  #events: BourseEvent[] = [];
  #outcomesSent = 0;
  #outcomesReceived = 0;
  #dropped = 0;
  #isScheduled = false;
  #metricsCount = 0;
  #isLost = false;
  #isClosing = false;
  #rejectedGeneration: number | null = null;
  #onWelcome: (error: Fault | null) => void = () => {};
  #onFarewell = (): void => {};
  #hearCache: ((news: readonly CacheNews[]) => void) | null = null;
  /** What came before anybody heard. */
  readonly #earlyCache: (readonly CacheNews[])[] = [];
  #hearPlacements: (news: PlacementNews) => void = () => {};
  #peers = 0;

  constructor(options: KeeperClientOptions) {
    this.worker = options.worker;
    this.#options = options;
    this.#defer = options.defer ?? systemDefer;
    this.budgets = new LeaseGate(options.clock, {
      post: (message) => this.#post(message),
      wake: () => this.#schedule(),
      onFault: (invariant) => this.#onFault(invariant),
    });
    this.rates = new RateSlices(options.clock, (report) => this.#post({ kind: 'rate', report }));
    this.#feedback = new PendingCalls(options.clock, ANSWER_TIMEOUT_MS);
    this.cachePeers = new CacheCalls({
      clock: options.clock,
      post: (message) => this.#post(message),
      peers: () => this.#peers,
    });
    options.channel.onMessage((message) => this.#handle(message as ToWorker));
    options.channel.onClose(() => this.#onLost());
  }

  /** Asks for the world, and waits for it. */
  greet(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(ANSWER_TIMEOUT_MS, () =>
        reject(fault('BRS_KEEPER_LOST')),
      );
      this.#onWelcome = (error) => {
        this.#options.clock.cancel(timer);
        if (error === null) resolve();
        else reject(error);
      };
      this.#post({ kind: 'hello' });
    });
  }

  world(): World {
    if (this.#world === null) throw fault('BRS_KEEPER_LOST');
    return this.#world;
  }

  report(outcome: Outcome): void {
    if (this.#behind >= OUTCOMES_BEHIND_MAX || this.#isLost) {
      this.#dropped++;
      this.#schedule();
      return;
    }
    this.#outcomes.push(outcome);
    if (this.#outcomes.length >= BATCH_OUTCOMES) this.#flush();
    else this.#schedule();
  }

  tellPlacements(news: PlacementNews): void {
    if (this.#peers > 0) this.#post({ kind: 'placements', news });
  }

  onPlacements(hear: (news: PlacementNews) => void): void {
    this.#hearPlacements = hear;
  }

  tellCache(news: readonly CacheNews[]): void {
    this.#post({ kind: 'cache', news });
  }

  onCache(hear: (news: readonly CacheNews[]) => void): void {
    this.#hearCache = hear;
    for (const news of this.#earlyCache.splice(0)) hear(news);
  }

  publish(event: BourseEvent): void {
    if (this.#events.length >= EVENTS_MAX) return;
    this.#events.push(event);
    this.#schedule();
  }

  metrics(): Promise<string> {
    if (this.#isLost) return Promise.reject(fault('BRS_KEEPER_LOST'));
    const call = this.#metricsCount++;
    return new Promise((resolve, reject) => {
      const { clock } = this.#options;
      const answer = (text: string | null): void => {
        clock.cancel(timer);
        this.#metricsCalls.delete(call);
        if (text === null) reject(fault('BRS_KEEPER_LOST'));
        else resolve(text);
      };
      const timer = clock.after(ANSWER_TIMEOUT_MS, () => answer(null));
      this.#metricsCalls.set(call, answer);
      this.#post({ kind: 'metrics', call });
    });
  }

  feedback(tenant: TenantId, feedback: Feedback): Promise<FeedbackAnswer> {
    return this.#feedback.ask((call) => this.#post({ kind: 'feedback', call, tenant, feedback }));
  }

  readiness(): { readonly isReady: boolean; readonly reason: string | null } {
    const reason = this.#obstacle();
    return { isReady: reason === null, reason };
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.budgets.close();
    this.rates.close();
    this.#flush();
    const { channel, clock, duties } = this.#options;
    if (!this.#isLost) {
      await new Promise<void>((resolve) => {
        const timer = clock.after(ANSWER_TIMEOUT_MS, resolve);
        this.#onFarewell = () => {
          clock.cancel(timer);
          resolve();
        };
        this.#post({ kind: 'goodbye', counters: duties.drainCounters() });
      });
    }
    channel.close();
  }

  get #behind(): number {
    return this.#outcomesSent - this.#outcomesReceived + this.#outcomes.length;
  }

  #obstacle(): string | null {
    if (this.#isLost) return 'the keeper of shared state does not answer';
    if (!this.#store.isWritable) return this.#store.reason ?? 'the store cannot be written';
    if (this.#behind >= OUTCOMES_BEHIND_MAX) return 'the keeper of shared state is far behind';
    if (this.#rejectedGeneration !== null) {
      return `this worker does not accept policy generation ${this.#rejectedGeneration}`;
    }
    const isAnyReady = this.#world?.fleet.states.some(({ lifecycle }) => lifecycle === 'ready');
    return isAnyReady === true ? null : 'no instance is ready';
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case 'welcome':
        this.#onWelcome(this.#enter(message.welcome));
        break;
      case 'policy':
        this.#setRules(message.rules);
        this.#changePolicy(message.policy, message.fleet);
        this.#setSpending(message.spending);
        break;
      case 'rules':
        this.#setRules(message.rules);
        break;
      case 'peers':
        this.#peers = message.count;
        break;
      case 'placements':
        this.#hearPlacements(message.news);
        break;
      case 'spending':
        this.#spending.take(message.cells, false);
        break;
      case 'cache':
      case 'near':
      case 'lead':
        this.#takeCache(message);
        break;
      case 'shadow':
        this.#shadow.take(message.cells);
        break;
      case 'warnings':
        this.budgets.onWarnings(message.cells);
        break;
      case 'fleet':
        this.#change({ fleet: this.#fleetFrom(message.fleet) });
        break;
      case 'beliefs':
        this.#change({ beliefs: applyDelta(this.world().beliefs, message.delta) });
        break;
      case 'preferences':
        this.#change({ preferences: message.preferences });
        break;
      case 'store':
        this.#store = message.store;
        break;
      case 'answer':
        this.budgets.onAnswer(message.request, message.answer);
        break;
      case 'rate':
        this.rates.onGrant(message.grant);
        break;
      case 'recall':
        this.budgets.onRecall(message.recall, message.balances);
        break;
      case 'received':
        this.#outcomesReceived = message.outcomes;
        break;
      case 'call':
        this.#post({ kind: 'result', call: message.call, result: this.#perform(message.duty) });
        break;
      case 'metrics':
        this.#metricsCalls.get(message.call)?.(message.text);
        break;
      case 'feedback':
        this.#feedback.answer(message.call, message.answer);
        break;
      case 'farewell':
        this.#onFarewell();
    }
  }

  #takeCache(message: Extract<ToWorker, { kind: 'cache' | 'near' | 'lead' }>): void {
    if (message.kind !== 'cache') this.cachePeers.hear(message);
    else if (this.#hearCache === null) this.#earlyCache.push(message.news);
    else this.#hearCache(message.news);
  }

  /** Null, or why this worker cannot start. */
  #enter(welcome: Welcome): Fault | null {
    const policy = this.#compile(welcome.policy);
    if (policy === null) {
      const report = 'The policy that the keeper runs is not accepted by this worker.';
      return fault('BRS_CONFIG', { report });
    }
    const { beliefs, preferences, store, rules } = welcome;
    this.#store = store;
    this.#world = { policy, fleet: this.#fleetFrom(welcome.fleet), beliefs, preferences };
    this.#setRules(rules);
    this.#setSpending(welcome.spending);
    this.#shadow.take(welcome.shadow);
    this.budgets.onWarnings(welcome.warnings);
    return null;
  }

  #setRules(rules: readonly BudgetRule[]): void {
    this.budgets.setRules(rules);
    this.#spending.setRules(rules);
    this.#shadow.setRules(rules);
    if (this.#world === null) return;
    const { shadow: _, ...world } = this.#world;
    this.#world = this.#shadow.isPacing ? { ...world, shadow: this.#shadow } : world;
  }

  #setSpending(cells: SpendingCells | null): void {
    this.#spending.take(cells ?? [], true);
    if (cells !== null) this.#change({ spending: this.#spending });
  }

  #changePolicy(text: PolicyText, fleetMessage: FleetMessage): void {
    const policy = this.#compile(text);
    const fleet = this.#fleetFrom(fleetMessage);
    this.#rejectedGeneration = policy === null ? text.generation : null;
    if (policy !== null) {
      this.#change({ policy, fleet });
      return;
    }
    this.#change({ fleet });
    const report = `worker ${this.worker} does not accept generation ${text.generation}`;
    this.publish({ kind: 'policy-rejected', report });
  }

  #compile({ generation, ...source }: PolicyText): Policy | null {
    const loaded = this.#options.loadPolicy(source, generation);
    return loaded.kind === 'policy' ? loaded.policy : null;
  }

  /** One assignment: who reads the world sees all of a change or nothing of it. */
  #change(part: Partial<World>): void {
    if (this.#world !== null) this.#world = { ...this.#world, ...part };
  }

  #fleetFrom({ generation, instances, states }: FleetMessage): FleetSnapshot {
    if (instances !== null) this.#instances = instances;
    const known = this.#instances;
    return {
      generation,
      states: states.map((cells, i): InstanceState => ({ instance: known[i]!, ...cells })),
    };
  }

  #perform(duty: Duty): DutyResult {
    const { duties } = this.#options;
    switch (duty.kind) {
      case 'decision':
        return duties.decisionView(duty.id);
      case 'decisions':
        return duties.latestDecisions(duty.limit);
      case 'counters':
        return duties.drainCounters();
      default:
        return unreachable(duty);
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosing) return;
    this.#isScheduled = true;
    this.#defer(BATCH_MS, () => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Sends what there is: outcomes, and with them the charges that they settle. */
  #flush(): void {
    const { spent, returned } = this.budgets.takeReport();
    const outcomes = this.#outcomes;
    const events = this.#takeEvents();
    if (outcomes.length + events.length + spent.length + returned.length === 0) return;
    this.#outcomes = [];
    this.#outcomesSent += outcomes.length;
    const encoded = outcomes.length === 0 ? null : this.#encoder.encode(outcomes);
    this.#post({ kind: 'batch', outcomes: encoded, spent, returned, events });
  }

  #takeEvents(): BourseEvent[] {
    const events = this.#events;
    this.#events = [];
    if (this.#dropped > 0) {
      events.push({ kind: 'queue-dropped', queue: 'outcomes', count: this.#dropped });
      this.#dropped = 0;
    }
    return events;
  }

  #post(message: ToKeeper): void {
    if (!this.#isLost) this.#options.channel.post(message);
  }

  #onFault(invariant: string): void {
    const { code, message } = fault('BRS_INVARIANT', { invariant });
    this.publish({ kind: 'fault', code, message });
  }

  #onLost(): void {
    this.#isLost = true;
    this.budgets.onKeeperLost();
    this.rates.onKeeperLost();
    for (const answer of this.#metricsCalls.values()) answer(null);
    this.#feedback.fail();
    this.cachePeers.fail();
    this.#onWelcome(fault('BRS_KEEPER_LOST'));
    this.#onFarewell();
  }
}
