import { CommanderError } from 'commander';
import { Fault } from '../kernel/index.ts';
import { createProgram } from './program.ts';
import { CommandFailed, EXIT_FAILED, EXIT_USAGE } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line and answers with its exit code. Errors are one line; `--debug` adds the stack. */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  version: string,
): Promise<number> {
  const program = createProgram(terminal, version);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommandFailed) return EXIT_FAILED;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    terminal.printError(`bourse: ${describe(error)}`);
    if (args.includes('--debug')) terminal.printError(stackOf(error));
    return EXIT_FAILED;
  }
}

function describe(error: unknown): string {
  if (Fault.isInstance(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${error.stack}${cause}`;
}
