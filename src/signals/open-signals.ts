import { isPromise } from '../kernel/index.ts';
import type { Clock, MaybeAsync } from '../kernel/index.ts';
import type {
  Reading,
  ShareKey,
  SignalReader,
  SignalSlot,
  SpentReading,
  Workload,
} from '../contract/index.ts';

/**
 * The memo of one request: each slot is read at most once, whoever asks, and a slow one once however
 * many wait for it. A slot that throws or rejects gives an unknown reading. The error's message is
 * left out of it: it may quote the client's text.
 */
export function openSignals(
  slots: readonly SignalSlot[],
  workload: Workload,
  clock: Clock,
): SignalReader {
  return new Memo(slots, workload, clock);
}

class Memo implements SignalReader {
  readonly #slots: readonly SignalSlot[];
  readonly #workload: Workload;
  readonly #clock: Clock;
  readonly #known: (SpentReading | undefined)[];
  #pending: Map<number, Promise<SpentReading>> | null = null;
  #shareKeys: ShareKey<object>[] | null = null;
  #shared: object[] | null = null;

  constructor(slots: readonly SignalSlot[], workload: Workload, clock: Clock) {
    this.#slots = slots;
    this.#workload = workload;
    this.#clock = clock;
    this.#known = slots.length === 0 ? NONE : unread(slots.length);
  }

  read(slot: number): MaybeAsync<SpentReading> {
    return this.#known[slot] ?? this.#pending?.get(slot) ?? this.#compute(slot);
  }

  readings(): readonly (SpentReading | undefined)[] {
    return this.#known;
  }

  /** A request shares few things: a walk over them costs less than a map. */
  share<T extends object>(key: ShareKey<T>): T {
    this.#shareKeys ??= [];
    this.#shared ??= [];
    const place = this.#shareKeys.indexOf(key);
    if (place >= 0) return this.#shared[place] as T;
    const made = key.make(this.#workload);
    this.#shareKeys.push(key);
    this.#shared.push(made);
    return made;
  }

  #compute(index: number): MaybeAsync<SpentReading> {
    const slot = this.#slots[index];
    if (slot === undefined) throw new RangeError(`there is no signal slot ${index}`);
    const startedMs = this.#clock.monotonicMs();
    let reading: MaybeAsync<Reading>;
    try {
      reading = slot.read(this.#workload, this);
    } catch (error) {
      return this.#keep(index, failed(error), startedMs);
    }
    if (!isPromise(reading)) return this.#keep(index, reading, startedMs);
    const settled = reading.catch(failed).then((value) => this.#keep(index, value, startedMs));
    this.#pending ??= new Map();
    this.#pending.set(index, settled);
    return settled;
  }

  #keep(index: number, reading: Reading, startedMs: number): SpentReading {
    const spentMicroseconds = (this.#clock.monotonicMs() - startedMs) * 1000;
    const { value, confidence, reason } = reading;
    const spent: SpentReading =
      reason === undefined
        ? { value, confidence, spentMicroseconds }
        : { value, confidence, reason, spentMicroseconds };
    this.#known[index] = spent;
    return spent;
  }
}

const NONE: undefined[] = [];

/** A loop, since `Array.from` costs a microsecond for the few signals of a policy. */
function unread(count: number): undefined[] {
  const known: undefined[] = [];
  for (let i = 0; i < count; i++) known.push(undefined);
  return known;
}

function failed(error: unknown): Reading {
  const name = error instanceof Error ? error.name : typeof error;
  return { value: null, confidence: 0, reason: `the signal failed (${name})` };
}
