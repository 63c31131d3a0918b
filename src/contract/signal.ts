import type { Claim } from './claim.ts';
import type { Workload } from './workload.ts';
import type { MaybeAsync } from '../kernel/index.ts';

/** What a signal costs to compute, cheapest first; conditions are evaluated in this order. */
export type SignalCost = 'free' | 'scan' | 'text' | 'model' | 'remote';
export const SIGNAL_COSTS: readonly SignalCost[] = ['free', 'scan', 'text', 'model', 'remote'];

export type SignalValue =
  | boolean
  | number
  | string
  | readonly string[]
  | Readonly<Record<string, number | boolean>>;

/** One computed signal. A null value is *unknown* (it failed, or the input does not tell); `reason` says why. */
export interface Reading {
  readonly value: SignalValue | null;
  /** 0–1. */
  readonly confidence: number;
  readonly reason?: string;
}

/** A reading with what it cost, as decisions keep it. */
export interface SpentReading extends Reading {
  readonly spentMicroseconds: number;
}

/** Something that can be computed once per request. `key` identifies it: equal keys share one value. */
export interface SignalSlot {
  readonly key: string;
  readonly kind: string;
  readonly cost: SignalCost;
  /** The value is a probability, or a probability by class; unset: it is neither. */
  readonly scale?: 'chance' | 'chances';
  /** It reads nothing but the last user turn: what an earlier turn says slips past. */
  readonly readsLastTurnOnly?: boolean;
  /** Loads what reading needs, so that no request waits for it; failures show when it is read. */
  warm?(): MaybeAsync<unknown>;
  /** Must not throw for any workload; if it does, the reading is unknown. */
  read(workload: Workload, shared: SharedWork): MaybeAsync<Reading>;
}

/** What the signals of one request share, such as a text with its vector: made by whoever asks first. */
export interface SharedWork {
  share<T extends object>(key: ShareKey<T>): T;
}

/** Identifies one shared thing: the object itself is the key. */
export interface ShareKey<T extends object> {
  readonly make: (workload: Workload) => T;
}

/**
 * How well each tool of the request fits what its user asks, in the order of `Workload.tools()`: about
 * a cosine. The signal of the tools' relevance fills it when it is read; null until then.
 */
export const TOOL_FIT: ShareKey<{ relevance: ArrayLike<number> | null }> = {
  make: () => ({ relevance: null }),
};

/** Kleene's third value is null: unknown. */
export type Truth = boolean | null;

/** A leaf of a condition tree: a slot, and a test of its reading. */
export interface CompiledCondition {
  readonly slot: SignalSlot;
  test(reading: Reading): Truth;
  /** As the explanation shows it. */
  readonly text: string;
  /** The slower, surer way to the same value. */
  readonly deep?: DeepCondition;
  /** What the test says of a known value. Unset: nothing is known of it but its text. */
  readonly claim?: Claim;
}

/**
 * A slot whose reading stands in for a doubtful one. It is read only when the outcome still depends on
 * the condition after everything else was tried; an unknown value leaves the doubtful reading in force.
 */
export interface DeepCondition {
  readonly slot: SignalSlot;
  isDoubtful(reading: Reading): boolean;
}

/**
 * Extension point: a kind of signal, named in conditions by `kind`. `compile` gets the condition's
 * value and the definitions under `signals.<kind>s`, and throws `ConfigIssue` for a bad one.
 */
export interface Signal {
  readonly apiVersion: 1;
  readonly kind: string;
  /** The key under `signals` of its definitions; unset: the kind and an s. */
  readonly definitionsKey?: string;
  /** JSON Schemas that are composed into the policy's: of one definition, and of a condition's value. */
  readonly definitionSchema: Readonly<Record<string, unknown>> | null;
  readonly conditionSchema: Readonly<Record<string, unknown>>;
  compile(condition: unknown, definitions: readonly SignalDefinition[]): CompiledCondition;
  /** The slot whose value stands for the signal where no condition asks, such as in a template; null where there is none. */
  valueSlot?(definitions: readonly SignalDefinition[]): SignalSlot | null;
  /** Throws `ConfigIssue` for a bad definition, whether or not a condition reads it; `path` is relative to it. */
  checkDefinition?(definition: SignalDefinition): void;
}

/** One entry under `signals.<kind>s`: its name, and the rest as written. */
export interface SignalDefinition {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Thrown by an extension while it compiles: `path` is relative to the value that it was given. */
export class ConfigIssue extends Error {
  readonly path: readonly (string | number)[];
  readonly suggestion: string | null;

  constructor(
    message: string,
    path: readonly (string | number)[] = [],
    suggestion: string | null = null,
  ) {
    super(message);
    this.name = 'ConfigIssue';
    this.path = path;
    this.suggestion = suggestion;
  }
}

/** Reads signals of one request, each at most once. `slot` is an index into `Policy.slots`. */
export interface SignalReader extends SharedWork {
  read(slot: number): MaybeAsync<SpentReading>;
  /** What was read so far: by slot, undefined where never needed. */
  readings(): readonly (SpentReading | undefined)[];
}
