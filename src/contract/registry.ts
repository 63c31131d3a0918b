import type { Clock } from '../kernel/index.ts';
import type { TextReading } from './cache.ts';
import type { ContextReader } from './context.ts';
import type { Learner } from './learner.ts';
import type { Bidder } from './market.ts';
import type { Signal } from './signal.ts';
import type { Engine } from './upstream.ts';

/** What extends the product. Built-ins are listed in app.ts; a user's plugin module exports `bourse: Plugin`. */
export interface Plugin {
  readonly apiVersion: 1;
  readonly name: string;
  readonly signals?: readonly Signal[];
  readonly engines?: readonly Engine[];
  /** The last bidder whose quote is not null wins over those before it; the house bidder is first. */
  readonly bidders?: readonly Bidder[];
  readonly learners?: readonly Learner[];
}

/** Built-ins and plugins together. */
export interface Registry {
  readonly signals: readonly Signal[];
  readonly engines: readonly Engine[];
  readonly bidders: readonly Bidder[];
  readonly learners: readonly Learner[];
  /** Opens what the cache reads texts with; unset: nothing is served by meaning. */
  readonly openTexts?: () => TextReading;
  /** Opens what reads where requests stand among others; unset: nothing is learned from neighbours. */
  readonly openContexts?: (clock: Clock) => ContextReader;
  /** Whether contexts come with a trained router's forecasts; unset: they do not. */
  readonly hasRouter?: boolean;
}
