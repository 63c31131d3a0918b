import { fault } from '../kernel/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { BourseEvent, FleetSnapshot, Instance, KeeperClient } from '../contract/index.ts';
import type { Outcome, Policy, WorkerDuties, World } from '../contract/index.ts';
import { applyDelta } from './beliefs-delta.ts';
import { LeaseGate } from './budget-gate.ts';
import type { Channel } from './channel.ts';
import { systemDefer } from './journal.ts';
import type { Defer } from './journal.ts';
import type { LoadPolicy } from './keeper-options.ts';
import { encodeOutcomes } from './outcome-codec.ts';
import type { Duty, DutyResult, FleetMessage, PolicyText, StoreHealth } from './protocol.ts';
import type { ToKeeper, ToWorker, Welcome } from './protocol.ts';

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
  readonly #options: KeeperClientOptions;
  readonly #defer: Defer;
  readonly #metricsCalls = new Map<number, (text: string | null) => void>();
  #world: World | null = null;
  #instances: readonly Instance[] = [];
  #store: StoreHealth = { isWritable: true, reason: null };
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
  #welcomed = (): void => {};
  #farewell = (): void => {};

  constructor(options: KeeperClientOptions) {
    this.worker = options.worker;
    this.#options = options;
    this.#defer = options.defer ?? systemDefer;
    this.budgets = new LeaseGate(options.clock, {
      post: (message) => this.#post(message),
      wake: () => this.#schedule(),
      onFault: (invariant) => this.#onFault(invariant),
    });
    options.channel.onMessage((message) => this.#handle(message as ToWorker));
    options.channel.onClose(() => this.#onLost());
  }
}
