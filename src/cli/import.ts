import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { ForeignProblem, importLitellm, importVllmSr } from '../migrate/index.ts';
import type { Imported, NotCarried } from '../migrate/index.ts';
import { failed } from './ask-server.ts';
import { plural } from './plural.ts';
import { readData } from './read-data.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

const IMPORTERS = { litellm: importLitellm, 'vllm-sr': importVllmSr } as const;
export type ForeignKind = keyof typeof IMPORTERS;

export interface ImportFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Writes the configuration of another gateway as a policy, and lists what it could not carry over. */
export async function importConfig(
  terminal: Terminal,
  kind: ForeignKind,
  file: string,
  flags: ImportFlags,
): Promise<void> {
  const text = file === '-' ? await terminal.readStdin() : readData(terminal, file);
  const imported = translate(terminal, kind, file, text);
  if (flags.out !== undefined) writePolicy(terminal, flags.out, imported.policy);
  if (flags.json) {
    terminal.print(JSON.stringify(imported, null, 2));
    return;
  }
  if (flags.out === undefined) terminal.print(imported.policy.trimEnd());
  for (const line of report(file, imported.notCarried)) terminal.printError(line);
}

function translate(terminal: Terminal, kind: ForeignKind, file: string, text: string): Imported {
  const source = `the ${kind} configuration ${file === '-' ? 'of standard input' : basename(file)}`;
  try {
    return IMPORTERS[kind](text, { source, sha256: (key) => hash('sha256', key) });
  } catch (error) {
    if (!(error instanceof ForeignProblem)) throw error;
    const { line, column, message } = error;
    throw failed(terminal, `${safeText(file)}:${line}:${column}: ${message}`);
  }
}

function report(file: string, notCarried: readonly NotCarried[]): readonly string[] {
  const lines = notCarried.map(
    ({ path, line, column, effect, reason }) =>
      `${safeText(file)}:${line}:${column}: ${effect === 'dropped' ? 'not carried' : 'changed'}: ${safeText(path)}: ${safeText(reason)}`,
  );
  const dropped = notCarried.filter(({ effect }) => effect === 'dropped').length;
  const changed = notCarried.length - dropped;
  return [
    ...lines,
    `${plural(dropped, 'part')} not carried over, ${changed} with another meaning.`,
  ];
}

/** A file that is there is never overwritten: it may be the policy in use. */
function writePolicy(terminal: Terminal, file: string, content: string): void {
  try {
    writeFileSync(file, content, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? 'it exists already: remove it, or name another' : code;
    throw failed(terminal, `cannot write ${safeText(file)}: ${reason ?? 'unknown'}`);
  }
  terminal.printError(`wrote ${safeText(file)}`);
}
