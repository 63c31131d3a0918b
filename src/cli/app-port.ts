import type {
  Config,
  DecisionView,
  PolicyProblem,
  PolicyStatus,
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
  close(): Promise<void>;
}

interface ExplainOptions {
  readonly configFile?: string;
  readonly configText?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly model: string;
  readonly tools: readonly string[];
}

interface CheckOptions {
  readonly configFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The wiring, as the commands use it. It is loaded when a command needs it, and not before. */
export interface AppPort {
  readonly startServe: (options: ServeOptions) => Promise<RunningApp>;
  readonly explainOnce: (options: ExplainOptions) => Promise<DecisionView>;
  readonly discoverConfig: () => Promise<DiscoveredConfig>;
  /** Errors and warnings of a policy file; rejects where it cannot be read. */
  readonly checkConfig: (options: CheckOptions) => Promise<readonly PolicyProblem[]>;
  /** The JSON Schema of the policy file. */
  readonly configSchema: () => unknown;
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
