import type { AppPort, FleetPort, ModelsPort } from './app-port.ts';

/** What the commands act on: everything outside them is handed in, so that a test can hold it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Shows how far a long command is, in a line that is written over; null takes it away. */
  readonly progress: (line: string | null) => void;
  readonly screen: Screen;
  readonly readStdin: () => Promise<string>;
  readonly fileExists: (path: string) => boolean;
  readonly fetch: typeof globalThis.fetch;
  readonly loadApp: () => Promise<AppPort>;
  readonly loadModels: () => Promise<ModelsPort>;
  readonly loadFleet: () => Promise<FleetPort>;
  readonly onSignal: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', run: () => void) => void;
  readonly exit: (code: number) => void;
}

/** What the output goes to. */
export interface Screen {
  /** Columns of the terminal; null where the output is none, and its width no matter. */
  readonly columns: number | null;
  readonly hasColor: boolean;
}

export const PLAIN_SCREEN: Screen = { columns: null, hasColor: false };

/** Exit codes; docs/reference/cli.md lists them. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Ends a command whose answer is "no"; what there is to say has been printed. */
export class CommandFailed extends Error {
  constructor() {
    super('the command failed');
    this.name = 'CommandFailed';
  }
}
