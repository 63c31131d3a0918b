/** The command `bourse`: it reads the command line and prints; the wiring is loaded when needed. */
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { keepCompiledCode } from './compile-cache.ts';
import { createProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

keepCompiledCode(process.env);
const { run } = await import('./run.ts');

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', () => process.exit());

const terminal: Terminal = {
  env: process.env,
  print: (line) => console.log(line),
  printError: (line) => console.error(line),
  progress: createProgress(process.stderr, () => performance.now()),
  screen: {
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    hasColor: process.stdout.isTTY && !process.env['NO_COLOR'],
  },
  readStdin: () => text(process.stdin),
  fileExists: existsSync,
  fetch: globalThis.fetch,
  loadApp: () => import('../app-serve.ts'),
  loadModels: () => import('../app-understanding.ts'),
  loadFleet: () => import('../simulate/index.ts'),
  onSignal: (signal, listener) => process.on(signal, listener),
  exit: (code) => process.exit(code),
};

process.exitCode = await run(process.argv.slice(2), terminal, version);
