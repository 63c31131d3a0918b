import { fault } from '../kernel/index.ts';
import type {
  AdminBackend,
  BourseEvent,
  BudgetRule,
  FleetSnapshot,
  Instance,
} from '../contract/index.ts';
import type { InstanceState, Outcome, PolicyStatus, World } from '../contract/index.ts';
import { BUDGET_LEFT_KIND } from '../contract/index.ts';
import { createAdmin } from './admin.ts';
import type { AdminPort } from './admin.ts';
import { BalanceBook } from './balance-book.ts';
import { rulesOf } from './balance-view.ts';
import { BudgetDesk } from './budget-desk.ts';
import type { DeskPort } from './budget-desk.ts';
import { BudgetWatch } from './budget-watch.ts';
import { CacheDesk } from './cache-desk.ts';
import type { Channel } from './channel.ts';
import { FeedbackDesk } from './feedback-desk.ts';
import { gaugesOf } from './gauges.ts';
import { fleetEntries } from './fleet-entries.ts';
import { Journal, systemDefer } from './journal.ts';
import type { KeeperOptions, PolicySource } from './keeper-options.ts';
import { LearningLoop } from './learning-loop.ts';
import type { WorkerGauges } from './cache-gauges.ts';
import { cacheViewOf } from './cache-view.ts';
import { METRICS } from './metrics-catalogue.ts';
import { MetricSums } from './metric-sums.ts';
import { overlayFrom, saveOverlay } from './overlay.ts';
import type { Overlay } from './overlay.ts';
import { passOn, tellPeers } from './peers.ts';
import { PolicyDesk } from './policy-desk.ts';
import type { FleetMessage, StateCells, StoreHealth, ToWorker } from './protocol.ts';
import { RateDesk } from './rate-desk.ts';
import { spendingCells, spendingOf } from './spending-view.ts';
import type { SpendingCells } from './spending-view.ts';
import { Repeating } from './repeating.ts';
import { TelemetryWatch } from './telemetry.ts';
import { WorkerLine } from './worker-line.ts';
import type { LineServices } from './worker-line.ts';

/** The one owner of what workers share. */
export interface Keeper {
  readonly admin: AdminBackend;
  /** Loads what is stored, compiles the policy and begins to look at the fleet. Rejects with `BRS_CONFIG` or `BRS_STORE`. */
  start(): Promise<void>;
  /** Serves a worker on this line until it closes. A number is used by one worker at a time. */
  attach(worker: number, channel: Channel): void;
  /** What a worker with the newest of everything would decide from. */
  world(): World;
  /** Reads the policy again. A text that is not good is reported in the status and changes nothing. */
  reload(): Promise<PolicyStatus>;
  /** Stores everything and ends. Workers are closed before; one that is not is treated as lost at the next start. */
  close(): Promise<void>;
}

const SWEEP_MS = 60_000;
const SAVE_BELIEFS_MS = 5_000;
/** How often budgets are looked at, and workers hear what was spent where the policy's conditions read it. */
const WATCH_BUDGETS_MS = 250;
const CLOSE_TRIES = 10;
const CLOSE_RETRY_MS = 250;

export function createKeeper(options: KeeperOptions): Keeper {
  return new KeeperCore(options);
}

class KeeperCore implements Keeper {
  readonly admin: AdminBackend;
  readonly #options: KeeperOptions;
  readonly #book: BalanceBook;
  readonly #journal: Journal;
  readonly #desk: BudgetDesk;
  readonly #policy: PolicyDesk;
  readonly #telemetry: TelemetryWatch;
  readonly #learning: LearningLoop;
  readonly #watch: BudgetWatch;
  readonly #feedback: FeedbackDesk;
  readonly #cache: CacheDesk;
  readonly #metrics = new MetricSums();
  readonly #services: LineServices;
  readonly #lines = new Set<WorkerLine>();
  readonly #repeating: Repeating;
  #overlay: Overlay = overlayFrom(new Map());
  #health: StoreHealth = { isWritable: true, reason: null };
  /** The list of instances that workers have. */
  #sentInstances: readonly Instance[] = [];
  #savedBeliefs = 0;
  #sessions = 0;
  #isStarted = false;
  #isClosed = false;
  /** Changes of policy and overlay run one after the other. */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(options: KeeperOptions) {
    const { store, clock, rng, learners, prober } = options;
    const onEvent = (event: BourseEvent): void => this.#onEvent(event);
    const onFault = (invariant: string): void => onEvent(invariantEvent(invariant));
    this.#options = options;
    this.#book = new BalanceBook(onFault);
    this.#cache = new CacheDesk({ store: options.cacheStore ?? null, clock, onEvent });
    this.#journal = new Journal({
      store,
      clock,
      defer: options.defer ?? systemDefer,
      book: this.#book,
      listener: {
        onCommitted: (outcomes) => this.#onCommitted(outcomes),
        onHealth: (health) => this.#onHealth(health),
        onDropped: (count) => onEvent({ kind: 'queue-dropped', queue: 'outcomes', count }),
      },
    });
    this.#desk = new BudgetDesk(this.#book, this.#deskPort(), clock);
    this.#watch = new BudgetWatch({
      book: this.#book,
      store,
      clock,
      broadcast: (message) => this.#broadcast(message),
      onEvent,
    });
    this.#policy = new PolicyDesk(options.loadPolicy, clock, options.policy.file);
    this.#telemetry = new TelemetryWatch({
      prober,
      clock,
      rng,
      onSnapshot: (fleet) => this.#broadcast({ kind: 'fleet', fleet: this.#fleetMessage(fleet) }),
      onEvent,
    });
    this.#learning = new LearningLoop({
      clock,
      learners,
      config: () => this.#policy.policy.config.learning,
      onBeliefs: (delta) => this.#broadcast({ kind: 'beliefs', delta }),
      onEvent,
    });
    this.#feedback = new FeedbackDesk({
      store,
      clock,
      config: () => this.#policy.policy.config.feedback,
      onVerdict: (verdict) => this.#learning.addVerdict(verdict),
      onKept: (source) => this.#metrics.count(METRICS.verdicts, { source }),
    });
    this.#repeating = new Repeating(options.clock);
    this.#services = this.#lineServices();
    this.admin = createAdmin(this.#adminPort());
  }

  async start(): Promise<void> {
    const { store, policy, beliefs } = this.#options;
    const stored = await store.load();
    if (!this.#policy.take(policy)) {
      throw fault('BRS_CONFIG', { report: this.#policy.report() });
    }
    this.#overlay = overlayFrom(stored.documents);
    const json = stored.documents.get(BELIEFS);
    const learned = json === undefined ? null : beliefs.fromJson(json);
    if (learned !== null) this.#learning.restore(learned);
    this.#savedBeliefs = this.#learning.beliefs.generation;
    this.#book.restore(stored.balances, stored.leases);
    this.#watch.restore(stored.documents);
    this.#setRules(this.#rules());
    // What orphaned leases held is settled before anyone can be granted more.
    if (!(await this.#journal.flush())) {
      this.#journal.close();
      throw fault('BRS_STORE', { reason: this.#health.reason ?? 'unknown error' });
    }
    this.#setFleet();
    this.#repeating.every(SWEEP_MS, () => {
      this.#book.sweep();
      this.#journal.add([]);
    });
    this.#repeating.every(SAVE_BELIEFS_MS, () => void this.#saveLearned());
    this.#repeating.every(WATCH_BUDGETS_MS, () => this.#watchBudgets());
    await this.#cache.open(this.#lines);
    this.#isStarted = true;
    for (const line of this.#lines) this.#welcome(line);
  }

  attach(worker: number, channel: Channel): void {
    for (const line of this.#lines) {
      if (line.worker !== worker) continue;
      line.close();
      this.#drop(line);
    }
    this.#lines.add(new WorkerLine({ worker, session: this.#sessions++ }, channel, this.#services));
  }

  world(): World {
    return {
      policy: this.#policy.policy,
      fleet: this.#telemetry.snapshot,
      beliefs: this.#learning.beliefs,
      preferences: this.#overlay.preferences,
      spending: spendingOf(this.#book),
      ...(this.#watch.prices.isPacing && { shadow: this.#watch.prices }),
    };
  }

  reload(): Promise<PolicyStatus> {
    return this.#inTurn(async () => {
      let source: PolicySource;
      try {
        source = await this.#options.readPolicy();
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown error';
        this.#policy.reject(`the file cannot be read: ${reason}`);
        return this.#rejected();
      }
      if (!this.#policy.take(source)) return this.#rejected();
      this.#applyPolicy();
      this.#onEvent({ kind: 'policy-reloaded', generation: this.#policy.policy.generation });
      return this.#policy.status();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { clock, store } = this.#options;
    this.#telemetry.close();
    this.#repeating.stop();
    for (const line of this.#lines) line.close();
    this.#learning.close();
    for (let tries = 0; tries < CLOSE_TRIES && !(await this.#journal.flush()); tries++) {
      await new Promise<void>((resolve) => void clock.after(CLOSE_RETRY_MS, resolve));
    }
    this.#journal.close();
    await this.#saveLearned();
    await this.#cache.close();
    await store.close();
  }

  #rejected(): PolicyStatus {
    this.#onEvent({ kind: 'policy-rejected', report: this.#policy.report() });
    return this.#policy.status();
  }

  /** The new policy goes out with its rules and its fleet, as one. */
  #applyPolicy(): void {
    const rules = this.#rules();
    this.#setRules(rules);
    const fleet = this.#fleetMessage(this.#setFleet());
    const spending = this.#spending();
    this.#broadcast({ kind: 'policy', policy: this.#policy.text, rules, fleet, spending });
    this.#desk.process();
  }

  get #readsSpending(): boolean {
    return this.#policy.policy.slots.some(({ kind }) => kind === BUDGET_LEFT_KIND);
  }

  /** All that was spent; null where the policy reads nothing of it. */
  #spending(): SpendingCells | null {
    const { rules, balances } = this.#book;
    return this.#readsSpending ? spendingCells(rules, balances.values()) : null;
  }

  #setRules(rules: readonly BudgetRule[]): void {
    this.#book.setRules(rules);
    this.#watch.setRules(rules);
  }

  #watchBudgets(): void {
    const spent = this.#book.takeSpent();
    this.#watch.look(spent);
    if (spent.size === 0 || !this.#readsSpending) return;
    this.#broadcast({ kind: 'spending', cells: spendingCells(this.#book.rules, spent) });
  }

  #rules(): BudgetRule[] {
    const added = [...this.#overlay.budgets].flatMap(([tenant, budgets]) =>
      rulesOf(tenant, budgets),
    );
    return [...this.#policy.policy.config.budgets, ...added];
  }

  #setFleet(): FleetSnapshot {
    const { config } = this.#policy.policy;
    const { servers } = this.#options;
    const fleet = fleetEntries(config, this.#overlay, servers?.engines);
    servers?.onFleet(fleet.map(({ instance }) => instance));
    return this.#telemetry.setFleet(fleet, config.health);
  }

  #applyOverlay(part: keyof Overlay): void {
    if (part === 'instances' || part === 'carbon') {
      const fleet = this.#fleetMessage(this.#setFleet());
      this.#broadcast({ kind: 'fleet', fleet });
    } else if (part === 'budgets') {
      const rules = this.#rules();
      this.#setRules(rules);
      this.#broadcast({ kind: 'rules', rules });
      this.#desk.process();
    } else {
      this.#broadcast({ kind: 'preferences', preferences: this.#overlay.preferences });
    }
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastChange.then(change, change);
    this.#lastChange = turn;
    return turn;
  }

  #welcome(line: WorkerLine): void {
    if (!this.#isStarted || !line.hasGreeted || line.isReady) return;
    line.isReady = true;
    const { states, generation } = this.#telemetry.snapshot;
    line.post({
      kind: 'welcome',
      welcome: {
        policy: this.#policy.text,
        rules: this.#book.rules,
        fleet: {
          generation,
          instances: states.map(({ instance }) => instance),
          states: states.map(cellsOf),
        },
        beliefs: this.#learning.beliefs,
        preferences: this.#overlay.preferences,
        store: this.#health,
        spending: this.#spending(),
        ...this.#watch.welcome(),
      },
    });
    this.#cache.welcome(line);
    tellPeers(this.#lines);
  }

  #broadcast(message: ToWorker): void {
    for (const line of this.#lines) if (line.isReady) line.post(message);
  }

  #fleetMessage({ generation, states }: FleetSnapshot): FleetMessage {
    const instances = states.map(({ instance }) => instance);
    const sent = this.#sentInstances;
    const isSame = instances.length === sent.length && instances.every((one, i) => one === sent[i]);
    this.#sentInstances = instances;
    return { generation, instances: isSame ? null : instances, states: states.map(cellsOf) };
  }

  #onEvent(event: BourseEvent): void {
    this.#metrics.addEvent(event);
    if (event.kind === 'tool-call-guarded' && event.source === 'undeclared') {
      this.#feedback.onGuarded(event.decision);
    }
    if (event.kind === 'answer-judged') void this.#feedback.onJudged(event);
    if (event.kind === 'answer-doubted') void this.#feedback.onDoubted(event);
    this.#options.onEvent(event);
  }

  #onBatch(outcomes: readonly Outcome[]): void {
    this.#journal.add(outcomes);
    if (outcomes.length === 0) return;
    this.#learning.add(outcomes);
    this.#feedback.onOutcomes(outcomes);
    for (const outcome of outcomes) this.#metrics.addOutcome(outcome);
  }

  #onCommitted(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.#onEvent({ kind: 'settled', outcome });
  }

  #onHealth(health: StoreHealth): void {
    this.#health = health;
    const reason = health.reason ?? 'unknown error';
    this.#onEvent(
      health.isWritable ? { kind: 'store-recovered' } : { kind: 'store-failed', reason },
    );
    this.#broadcast({ kind: 'store', store: health });
  }

  /** A worker has said goodbye and left, or is lost. What it still held counts as spent. */
  #drop(line: WorkerLine): void {
    if (!this.#lines.delete(line)) return;
    tellPeers(this.#lines);
    this.#book.forfeit(line.session);
    this.#desk.forget(line.session);
    this.#services.rates.forget(line.session);
    this.#cache.leads.lost(line);
    this.#journal.add([]);
    if (!line.hasLeft) this.#onEvent({ kind: 'worker-lost', worker: line.worker });
  }

  /** Takes over what the workers have counted; gives what they tell of the moment. */
  async #gather(): Promise<readonly WorkerGauges[]> {
    const lines = [...this.#lines];
    const deltas = await Promise.all(lines.map((line) => line.counters()));
    const told: WorkerGauges[] = [];
    for (const [i, delta] of deltas.entries()) {
      if (delta === null) continue;
      this.#metrics.addDelta(delta);
      told.push({ worker: lines[i]!.worker, gauges: delta.gauges });
    }
    return told;
  }

  async #renderMetrics(): Promise<string> {
    const told = await this.#gather();
    const gauges = gaugesOf({
      told,
      world: this.world(),
      book: this.#book,
      watch: this.#watch,
      queueLength: this.#journal.queueLength,
      isWritable: this.#health.isWritable,
      workers: this.#lines.size,
      nowMs: this.#options.clock.nowMs(),
    });
    return this.#metrics.render(gauges);
  }

  async #saveLearned(): Promise<void> {
    const { beliefs } = this.#learning;
    try {
      await this.#watch.save();
      if (beliefs.generation === this.#savedBeliefs) return;
      await this.#options.store.saveDocument(BELIEFS, this.#options.beliefs.toJson(beliefs));
      this.#savedBeliefs = beliefs.generation;
    } catch {
      // A store that does not take it is told of by the journal; the next turn tries again.
    }
  }

  #deskPort(): DeskPort {
    return {
      recall: (session, recall, balances) => {
        for (const line of this.#lines) {
          if (line.session === session) line.post({ kind: 'recall', recall, balances });
        }
      },
      whenCommitted: (done) => this.#journal.whenCommitted(done),
    };
  }

  #lineServices(): LineServices {
    return {
      clock: this.#options.clock,
      book: this.#book,
      desk: this.#desk,
      rates: new RateDesk(this.#options.clock, () => this.#lines.size),
      onHello: (line) => this.#welcome(line),
      onBatch: (outcomes) => this.#onBatch(outcomes),
      onEvent: (event) => this.#onEvent(event),
      onPlacements: (from, news) => passOn(this.#lines, from, news),
      onCache: (from, news) => this.#cache.take(this.#lines, from, news),
      cache: this.#cache,
      metrics: () => this.#renderMetrics(),
      feedback: (tenant, feedback) =>
        this.#cache.judged(this.#lines, feedback, this.#feedback.take(tenant, feedback)),
      onGoodbye: (line, counters) => {
        this.#metrics.addDelta(counters);
        this.#journal.whenCommitted(() => line.post({ kind: 'farewell' }));
      },
      onLost: (line) => this.#drop(line),
    };
  }

  #adminPort(): AdminPort {
    return {
      clock: this.#options.clock,
      store: this.#options.store,
      book: this.#book,
      watch: this.#watch,
      servers: this.#options.servers,
      config: () => this.#policy.policy.config,
      beliefs: () => this.#learning.beliefs,
      overlay: () => this.#overlay,
      instances: () => this.#telemetry.snapshot.states,
      policy: () => this.#policy.status(),
      reload: () => this.reload(),
      metrics: () => this.#renderMetrics(),
      cache: async () => cacheViewOf(this.#metrics, await this.#gather()),
      lines: () => [...this.#lines],
      tellCache: (news) => this.#cache.take(this.#lines, null, news),
      change: (part, edit) =>
        this.#inTurn(async () => {
          const changed = { ...this.#overlay, ...edit(this.#overlay) };
          this.#overlay = await saveOverlay(this.#options.store, changed, part);
          this.#applyOverlay(part);
        }),
    };
  }
}

const BELIEFS = 'beliefs';

function cellsOf(state: InstanceState): StateCells {
  const { lifecycle, telemetry, observedAtMs, reason, features, carbon } = state;
  const cells = { lifecycle, telemetry, observedAtMs, reason, features };
  return carbon === undefined ? cells : { ...cells, carbon };
}

function invariantEvent(invariant: string): BourseEvent {
  const { code, message } = fault('BRS_INVARIANT', { invariant });
  return { kind: 'fault', code, message };
}
