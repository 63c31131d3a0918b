import type { Clock, TenantId } from '../kernel/index.ts';
import type { BourseEvent, DecisionView, MetricsDelta, Outcome } from '../contract/index.ts';
import type { Feedback, FeedbackAnswer } from '../contract/index.ts';
import type { CacheNews, PlacementNews } from '../contract/index.ts';
import type { BalanceBook } from './balance-book.ts';
import type { BudgetDesk } from './budget-desk.ts';
import type { CacheDesk } from './cache-desk.ts';
import type { Channel } from './channel.ts';
import { OutcomeDecoder } from './outcome-codec.ts';
import type { RateDesk } from './rate-desk.ts';
import type { AmountCells, Duty, DutyResult, ToKeeper, ToWorker } from './protocol.ts';

/** What a line does for its worker. */
export interface LineServices {
  readonly clock: Clock;
  readonly book: BalanceBook;
  readonly desk: BudgetDesk;
  readonly rates: RateDesk;
  onHello(line: WorkerLine): void;
  /** Outcomes and changes of the book have come. */
  onBatch(outcomes: readonly Outcome[]): void;
  onEvent(event: BourseEvent): void;
  onPlacements(line: WorkerLine, news: PlacementNews): void;
  onCache(line: WorkerLine, news: readonly CacheNews[]): void;
  readonly cache: Pick<CacheDesk, 'leads' | 'nearest'>;
  metrics(): Promise<string>;
  /** Never rejects. */
  feedback(tenant: TenantId, feedback: Feedback): Promise<FeedbackAnswer>;
  onGoodbye(line: WorkerLine, counters: MetricsDelta): void;
  onLost(line: WorkerLine): void;
}

/** A worker that does not answer within this time is left out. */
const CALL_TIMEOUT_MS = 500;

/** The keeper's end of the line to one worker. `session` is never used twice, unlike a worker's number. */
export class WorkerLine {
  readonly worker: number;
  readonly session: number;
  /** It has been welcomed: it hears of every change from then on. */
  isReady = false;
  hasGreeted = false;
  /** It has said goodbye: when its line closes, nothing is lost. */
  hasLeft = false;
  readonly #channel: Channel;
  readonly #services: LineServices;
  readonly #decoder = new OutcomeDecoder();
  readonly #calls = new Map<number, (result: DutyResult) => void>();
  #callCount = 0;
  #outcomesReceived = 0;

  constructor(
    ids: { readonly worker: number; readonly session: number },
    channel: Channel,
    services: LineServices,
  ) {
    this.worker = ids.worker;
    this.session = ids.session;
    this.#channel = channel;
    this.#services = services;
    channel.onMessage((message) => this.#handle(message as ToKeeper));
    channel.onClose(() => {
      for (const answer of this.#calls.values()) answer(null);
      this.#calls.clear();
      services.onLost(this);
    });
  }

  post(message: ToWorker): void {
    this.#channel.post(message);
  }

  close(): void {
    this.#channel.close();
  }

  async decision(id: string): Promise<DecisionView | null> {
    return (await this.#call({ kind: 'decision', id })) as DecisionView | null;
  }

  async decisions(limit: number): Promise<readonly DecisionView[]> {
    return ((await this.#call({ kind: 'decisions', limit })) as readonly DecisionView[]) ?? [];
  }

  async counters(): Promise<MetricsDelta | null> {
    return (await this.#call({ kind: 'counters' })) as MetricsDelta | null;
  }

  #call(duty: Duty): Promise<DutyResult> {
    if (!this.isReady) return Promise.resolve(null);
    const call = this.#callCount++;
    return new Promise((resolve) => {
      const { clock } = this.#services;
      const timer = clock.after(CALL_TIMEOUT_MS, () => {
        this.#calls.delete(call);
        resolve(null);
      });
      this.#calls.set(call, (result) => {
        clock.cancel(timer);
        resolve(result);
      });
      this.post({ kind: 'call', call, duty });
    });
  }

  #handle(message: ToKeeper): void {
    const { desk } = this.#services;
    switch (message.kind) {
      case 'hello':
        this.hasGreeted = true;
        this.#services.onHello(this);
        break;
      case 'placements':
        this.#services.onPlacements(this, message.news);
        break;
      case 'cache':
        this.#services.onCache(this, message.news);
        break;
      case 'lead':
        this.#services.cache.leads.ask(this, message.ask);
        break;
      case 'near':
        void this.#tellNear(message);
        break;
      case 'release':
        this.#services.cache.leads.release(this, message);
        break;
      case 'batch':
        this.#takeBatch(message);
        break;
      case 'need':
        this.#giveBack(message.returned);
        desk.request(this.session, message.ask, (answer) =>
          this.post({ kind: 'answer', request: message.request, answer }),
        );
        this.#services.onBatch([]);
        break;
      case 'rate': {
        const grant = this.#services.rates.take(this.session, message.report);
        if (grant !== null) this.post({ kind: 'rate', grant });
        break;
      }
      case 'recalled':
        this.#giveBack(message.returned);
        desk.recalled(this.session, message.recall);
        this.#services.onBatch([]);
        break;
      case 'result':
        this.#calls.get(message.call)?.(message.result);
        this.#calls.delete(message.call);
        break;
      case 'metrics':
        void this.#tellMetrics(message.call);
        break;
      case 'feedback':
        void this.#takeFeedback(message);
        break;
      case 'goodbye':
        this.hasLeft = true;
        this.#services.onGoodbye(this, message.counters);
    }
  }

  async #tellNear({ call, ask }: Extract<ToKeeper, { kind: 'near' }>): Promise<void> {
    this.post({ kind: 'near', call, entries: await this.#services.cache.nearest(ask) });
  }

  async #takeFeedback({
    call,
    tenant,
    feedback,
  }: Extract<ToKeeper, { kind: 'feedback' }>): Promise<void> {
    const answer = await this.#services.feedback(tenant, feedback);
    this.post({ kind: 'feedback', call, answer });
  }

  #takeBatch(batch: Extract<ToKeeper, { kind: 'batch' }>): void {
    const services = this.#services;
    const outcomes = batch.outcomes === null ? [] : this.#decoder.decode(batch.outcomes);
    eachAmount(batch.spent, (balance, sums) => services.book.spend(this.session, balance, sums));
    this.#giveBack(batch.returned);
    for (const event of batch.events) services.onEvent(event);
    services.onBatch(outcomes);
    if (batch.returned.length > 0) services.desk.process();
    if (outcomes.length === 0) return;
    this.#outcomesReceived += outcomes.length;
    this.post({ kind: 'received', outcomes: this.#outcomesReceived });
  }

  #giveBack(returned: AmountCells): void {
    const { book } = this.#services;
    eachAmount(returned, (balance, sums) => book.giveBack(this.session, balance, sums));
  }

  async #tellMetrics(call: number): Promise<void> {
    const text = await this.#services.metrics().catch(() => null);
    this.post({ kind: 'metrics', call, text });
  }
}

function eachAmount(
  cells: AmountCells,
  visit: (
    balance: string,
    sums: { readonly tokens: bigint; readonly picoUsd: bigint; readonly microjoules: bigint },
  ) => void,
): void {
  for (let i = 0; i < cells.length; i += 4) {
    visit(cells[i] as string, {
      tokens: BigInt(cells[i + 1]!),
      picoUsd: BigInt(cells[i + 2]!),
      microjoules: BigInt(cells[i + 3]!),
    });
  }
}
