import { isPromise } from '../kernel/index.ts';
import type { Clock, MaybeAsync } from '../kernel/index.ts';
import type { Reading, Signal, SignalReader, SignalSlot } from '../contract/index.ts';
import type { Topic, Workload } from '../contract/index.ts';
import { TOPIC_IN_VIEW } from '../contract/index.ts';
import { bandOf } from '../estimate/index.ts';

/** Tells what requests are about, for beliefs that depend on it. */
export interface TopicReader {
  /** Reads it once for a request. `slots`: those of `signals`, whose readings are used and added to. */
  read(
    workload: Workload,
    signals: SignalReader,
    slots: readonly SignalSlot[],
    /** Where difficulty moves every bid, the first request waits for the models, and it is read of requests of no certain domain too. */
    byDifficulty?: boolean,
  ): Topic;
}

const UNKNOWN: Topic = { domain: null, band: null, spentMicroseconds: 0 };

/** A domain is taken for the request's where it is likelier than all others together. */
const LEAST_CONFIDENCE = 0.5;
/** A topic that is read for the market has to be known at once: slower signals count where somebody waited for them. */
const QUICK: ReadonlySet<SignalSlot['cost']> = new Set(['free', 'scan', 'text']);

/** A signal of the registry, and its place among the slots that were seen last. */
class Source {
  readonly #signal: Signal | undefined;
  #slot: SignalSlot | null | undefined;
  #slots: readonly SignalSlot[] | null = null;
  #place = -1;

  constructor(kind: string, registered: readonly Signal[]) {
    this.#signal = registered.find((signal) => signal.kind === kind);
  }

  /** Loads what reading needs. One that cannot be loaded stays unknown. */
  warm(): void {
    try {
      const warmed = this.#own()?.warm?.();
      if (isPromise(warmed)) warmed.catch(() => undefined);
    } catch {
      return;
    }
  }

  #own(): SignalSlot | null {
    if (this.#slot === undefined) this.#slot = this.#signal?.valueSlot?.([]) ?? null;
    return this.#slot;
  }

  /** Null where it cannot be told at once. */
  read(workload: Workload, signals: SignalReader, slots: readonly SignalSlot[]): Reading['value'] {
    const slot = this.#own();
    if (slot === null) return null;
    if (slots !== this.#slots) {
      this.#slots = slots;
      this.#place = slots.findIndex(({ key }) => key === slot.key);
    }
    const known = signals.readings()[this.#place];
    if (known !== undefined) return known.value;
    if (!QUICK.has(slot.cost)) return null;
    if (this.#place < 0) return valueOf(() => slot.read(workload, signals));
    return valueOf(() => signals.read(this.#place));
  }
}

export function createTopicReader(registered: readonly Signal[], clock: Clock): TopicReader {
  const domains = new Source('domain', registered);
  const complexities = new Source('complexity', registered);
  let isAsked = false;
  let isWarm = false;
  const warm = (): void => {
    domains.warm();
    complexities.warm();
    isWarm = true;
  };
  return {
    read(workload, signals, slots, byDifficulty = false) {
      const seen = signals.share(TOPIC_IN_VIEW);
      if (seen.topic !== null) return seen.topic;
      // No request waits for a model file: the first that asks has them loaded for those after it.
      if (byDifficulty && !isWarm) warm();
      if (!isAsked && !isWarm) clock.after(0, warm);
      isAsked = true;
      if (!isWarm) return UNKNOWN;
      const startedMs = clock.monotonicMs();
      const domain = likeliest(domains.read(workload, signals, slots));
      const asksChance = domain !== null || byDifficulty;
      const chance = asksChance ? complexities.read(workload, signals, slots) : null;
      const spentMicroseconds = (clock.monotonicMs() - startedMs) * 1000;
      return (seen.topic =
        typeof chance === 'number'
          ? { domain, band: domain === null ? null : bandOf(chance), chance, spentMicroseconds }
          : { domain, band: null, spentMicroseconds });
    },
  };
}

/** A reading that fails is unknown, as it is to a condition. */
function valueOf(read: () => MaybeAsync<Reading>): Reading['value'] {
  try {
    const reading = read();
    return isPromise(reading) ? null : reading.value;
  } catch {
    return null;
  }
}

function likeliest(value: Reading['value']): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const chances = value as Readonly<Record<string, number>>;
  for (const label in chances) if (chances[label]! >= LEAST_CONFIDENCE) return label;
  return null;
}
