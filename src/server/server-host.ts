import type { Clock, Fault, TenantId } from '../kernel/index.ts';
import type { Config, Feedback, FeedbackAnswer, Route, SharedRates } from '../contract/index.ts';
import type { Admission } from './admission.ts';
import type { ServerLog } from './log.ts';
import type { OpenExchanges } from './open-exchanges.ts';

/** What the model server is made of. `config` is read per request, so that a reload takes effect. */
export interface ModelServerParts {
  readonly route: Route;
  readonly config: () => Config;
  /** The Prometheus text of the whole server. */
  readonly metrics: () => Promise<string>;
  /** Judges an earlier answer of the tenant. */
  readonly feedback: (tenant: TenantId, feedback: Feedback) => Promise<FeedbackAnswer>;
  readonly readiness: () => { readonly isReady: boolean; readonly reason: string | null };
  /** Unset: there is no other worker to share limits with. */
  readonly rates?: SharedRates | undefined;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** Hears of every request that was refused before the director saw it, for the metrics. */
  readonly onRefused?: (problem: Fault) => void;
}

/** A request in flight, as the shutdown and the error handler of the socket see it. */
export interface OpenExchange {
  /** Where it stands among the open ones: theirs to write. */
  place: number;
  isOn(socket: unknown): boolean;
  cut(problem: Fault): void;
}

/** What everything that answers on the model port shares. */
export interface ServerHost {
  readonly parts: ModelServerParts;
  readonly admission: Admission;
  readonly open: OpenExchanges;
  /** `noticed`: readiness fails, requests are still served. `closing`: new ones are refused. */
  phase: 'serving' | 'noticed' | 'closing';
}
