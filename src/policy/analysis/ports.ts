import type {
  FleetSnapshot,
  FormulaSolver,
  OfflineRequest,
  SignalReader,
  Workload,
} from '../../contract/index.ts';
import type { MaybeAsync } from '../../kernel/index.ts';

/** Called between two questions: who serves at the same time takes a breath there. */
export type MaybeAsyncPause = () => MaybeAsync<void>;

/** A request as the policy sees it, with what it takes for granted. */
export interface OpenRequest {
  readonly workload: Workload;
  readonly signals: SignalReader;
  readonly fleet: FleetSnapshot;
}

/** What analysis asks of the world. */
export interface AnalysisPorts {
  readonly solver: FormulaSolver;
  readonly pause: MaybeAsyncPause;
  /** Reads a request. Null: findings have no witness, and those that need one are left out. */
  readonly open: ((request: OfflineRequest) => MaybeAsync<OpenRequest>) | null;
  /** The vectors of texts, one each, of unit length. Null: nothing is said of examples. */
  readonly embed: ((texts: readonly string[]) => MaybeAsync<readonly Float32Array[]>) | null;
}
