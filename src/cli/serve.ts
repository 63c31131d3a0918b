import { fileURLToPath } from 'node:url';
import { Fault } from '../kernel/index.ts';
import type { PolicyProblem } from '../contract/index.ts';
import type { RunningApp, ServeOptions, ServeOverrides } from './app-port.ts';
import { failed } from './ask-server.ts';
import { findingsReport, startReport } from './start-report.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_FILE = 'bourse.yaml';
const NOTHING_FOUND = `no --config, no ./${DEFAULT_FILE}, and neither an engine nor a provider's key found on this machine: write a policy file, or try bourse demo`;
const DEMO_FILE = fileURLToPath(new URL('../../examples/demo.yaml', import.meta.url));

export interface ServeFlags {
  readonly config?: string;
  readonly workers?: number;
  readonly host?: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly db?: string;
}

export type DemoFlags = Omit<ServeFlags, 'host'>;

/** Serves a policy file; without one, what discovery finds on this machine. */
export async function serve(terminal: Terminal, flags: ServeFlags): Promise<void> {
  const { startServe, discoverConfig } = await terminal.loadApp();
  const configFile = flags.config ?? (terminal.fileExists(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const overrides = overridesOf(flags);
  let options: ServeOptions;
  if (configFile === undefined) {
    const { text, findings } = await discoverConfig();
    if (findings.length === 0) throw failed(terminal, NOTHING_FOUND);
    terminal.print(`No --config and no ./${DEFAULT_FILE}: looked around instead.`);
    for (const finding of findings) terminal.print(`  found ${safeText(finding)}`);
    options = { configText: text, env: terminal.env, overrides };
  } else {
    options = { configFile, env: terminal.env, overrides };
  }
  const app = await startServe(options);
  for (const line of startReport(app, false)) terminal.print(line);
  void reportFindings(terminal, app);
  await untilSignal(terminal, app);
}

/** Serves the demo's policy, or another one, in front of a simulated fleet. */
export async function demo(terminal: Terminal, flags: DemoFlags): Promise<void> {
  const { forkDemoFleet } = await terminal.loadFleet();
  const { startServe } = await terminal.loadApp();
  const fleet = await forkDemoFleet();
  try {
    const app = await startServe({
      configFile: flags.config ?? DEMO_FILE,
      env: { ...terminal.env, ...fleet.env },
      overrides: overridesOf(flags),
    });
    for (const line of startReport(app, true)) terminal.print(line);
    void reportFindings(terminal, app);
    await untilSignal(terminal, app);
  } finally {
    await fleet.close();
  }
}

function overridesOf({ workers, host, port, adminPort, db }: ServeFlags): ServeOverrides {
  return { workers, host, port, adminPort, storePath: db };
}

/** Comes after the report of the start: analysis does not keep anybody waiting. */
async function reportFindings(terminal: Terminal, app: RunningApp): Promise<void> {
  try {
    for (const line of findingsReport(await app.findings())) terminal.print(line);
  } catch {
    // Whoever closes the server at once does not wait for its analysis.
  }
}

const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Resolves when the server has shut down after a signal. A second signal ends the process at once. */
function untilSignal(terminal: Terminal, app: RunningApp): Promise<void> {
  return new Promise((resolve, reject) => {
    let isClosing = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      terminal.onSignal(signal, () => {
        if (isClosing) return terminal.exit(SIGNAL_EXITS[signal]);
        isClosing = true;
        terminal.print('Closing: requests in flight may finish (a second signal ends at once).');
        app.close().then(resolve, reject);
      });
    }
    terminal.onSignal('SIGHUP', () => void reload(terminal, app));
  });
}

/** The policy file itself need not be named: it is the one that was to be reloaded. */
function problemText({ file, line, message }: PolicyProblem): string {
  return safeText(file === undefined ? message : `${file}:${line ?? 1}: ${message}`);
}

async function reload(terminal: Terminal, app: RunningApp): Promise<void> {
  try {
    const { generation, rejected } = await app.reload();
    if (rejected.length === 0) {
      terminal.print(`Policy reloaded: generation ${generation}.`);
      return;
    }
    terminal.printError(
      `bourse: the policy file was not taken, generation ${generation} goes on: ` +
        rejected.map(problemText).join('; '),
    );
  } catch (error) {
    const reason = Fault.isInstance(error) ? error.message : 'the reload failed';
    terminal.printError(`bourse: ${safeText(reason)}`);
  }
}
