import type {
  AddedModel,
  Config,
  DecisionView,
  GgufSummary,
  PolicyDiff,
  PolicyAnalysis,
  PolicyProblem,
  PolicyStatus,
  PolicyTestResult,
  TestSuggestions,
  Understanding,
} from '../contract/index.ts';

/** What replaces settings of the configuration for one run. */
export interface ServeOverrides {
  readonly workers?: number | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly adminPort?: number | undefined;
  readonly storePath?: string | undefined;
}

export interface ServeOptions {
  /** One of the two: a file, which is watched, or a text. */
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly overrides: ServeOverrides;
}

/** A server that is up. */
export interface RunningApp {
  readonly modelUrl: string;
  readonly adminUrl: string;
  config(): Config;
  reload(): Promise<PolicyStatus>;
  /** What conflict analysis says of the running policy. */
  findings(): Promise<PolicyAnalysis>;
  close(): Promise<void>;
}

interface ExplainOptions {
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An `OfflineRequest`, or a client's body, as JSON gives it. */
  readonly request: unknown;
}

interface DiffOptions {
  readonly before: string;
  readonly after: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface CheckOptions {
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The wiring, as the commands use it. It is loaded when a command needs it, and not before. */
export interface AppPort {
  readonly startServe: (options: ServeOptions) => Promise<RunningApp>;
  /** Both policies, compiled once. */
  readonly openDiff: (options: DiffOptions) => Promise<PolicyDiff>;
  /** Chooses tests for a policy. */
  readonly openSuggestions: (options: CheckOptions) => Promise<TestSuggestions>;
  /** Runs routers before a simulated fleet. */
  readonly simulateFleet: (options: SimulateOptions) => Promise<SimulationReport>;
  readonly explainOnce: (options: ExplainOptions) => Promise<DecisionView>;
  readonly discoverConfig: () => Promise<DiscoveredConfig>;
  /** Errors and warnings of a policy file, and what came of its tests; rejects where it cannot be read. */
  readonly checkConfig: (options: CheckOptions) => Promise<PolicyCheck>;
  readonly verifyModel: (file: string) => Promise<GgufSummary>;
  /** Puts a GGUF file into a policy file. */
  readonly addModel: (options: {
    readonly configFile: string;
    readonly file: string;
    readonly id: string | null;
  }) => Promise<AddedModel>;
  /** The JSON Schema of the policy file. */
  readonly configSchema: () => unknown;
}

export interface SimulateOptions {
  readonly fleetFile: string;
  readonly traceFile: string;
  readonly routers: readonly string[];
  /** Shares of the measured capacity of the fleet. */
  readonly loads: readonly number[];
  readonly seeds: number;
  readonly firstSeed: number;
  readonly requests: number | null;
  readonly onProgress: (share: number, what: string) => void;
}

interface SimulatedValue {
  readonly mean: number;
  /** Half of the 95 % confidence interval; null with one repeat. */
  readonly halfWidth: number | null;
}

/** What came of a simulation: a cell for each load and router. */
export interface SimulationReport {
  readonly trace: string;
  readonly instances: number;
  readonly firstSeed: number;
  readonly seeds: number;
  readonly requests: number;
  readonly capacityPerSecond: number;
  readonly slo: { readonly ttftMs: number; readonly perTokenMs: number };
  readonly cells: readonly {
    readonly load: number;
    readonly router: string;
    readonly measures: Readonly<Record<string, SimulatedValue>>;
  }[];
}

interface PolicyCheck {
  readonly problems: readonly PolicyProblem[];
  readonly tests: readonly PolicyTestResult[];
  /** Null where the policy is not sound. */
  readonly analysis: PolicyAnalysis | null;
}

/** A policy text made of what was found on this machine, and what that was. */
interface DiscoveredConfig {
  readonly text: string;
  readonly findings: readonly string[];
}

/** The models that signals read requests with; loaded by the commands that score or use them alone. */
export interface ModelsPort {
  readonly shippedUnderstanding: () => Understanding;
}

/** The simulated fleet in a process of its own. */
export interface FleetPort {
  readonly forkDemoFleet: () => Promise<ForkedFleet>;
}

interface ForkedFleet {
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
