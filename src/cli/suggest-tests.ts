import type { DecisionView, TestSuggestions } from '../contract/index.ts';
import { Fault } from '../kernel/index.ts';
import { askServer } from './ask-server.ts';
import { plural } from './plural.ts';
import { readRequests } from './read-requests.ts';
import { safeText } from './table.ts';
import { CommandFailed } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export interface SuggestFlags {
  readonly config: string;
  readonly admin: string;
  readonly requests?: string;
  readonly limit: number;
}

/** What the admin API tells at once. */
const DECISIONS_MAX = 1000;

/** Prints tests for a policy, chosen from a file of requests, or from the decisions of a running server. */
export async function suggestTests(terminal: Terminal, flags: SuggestFlags): Promise<void> {
  const { config, limit, requests } = flags;
  const { openSuggestions } = await terminal.loadApp();
  const suggestions = await openSuggestions({ configFile: config, env: terminal.env });
  const source =
    requests === undefined
      ? await addDecisions(terminal, flags, suggestions)
      : await addRequests(terminal, requests, suggestions);
  const { yaml, count, dropped } = await suggestions.choose(limit, [
    `Suggested from ${source.text}; what ${config} decides of them by itself.`,
    'Readings of learned signals are assumed, so that the tests stay when a model is replaced.',
    ...source.remarks,
  ]);
  if (count > 0) terminal.print(yaml.trimEnd());
  terminal.printError(`${plural(count, 'test')} from ${source.text}.`);
  if (dropped > 0) {
    terminal.printError(
      `${dropped} left out: ${config} with an idle fleet decides otherwise than they were decided.`,
    );
  }
  if (source.problems > 0) throw new CommandFailed();
}

interface Source {
  readonly text: string;
  readonly remarks: readonly string[];
  readonly problems: number;
}

async function addDecisions(
  terminal: Terminal,
  { admin }: SuggestFlags,
  suggestions: TestSuggestions,
): Promise<Source> {
  const url = `${admin.replace(/\/+$/, '')}/admin/v1/decisions?limit=${DECISIONS_MAX}`;
  const key = terminal.env['BOURSE_ADMIN_KEY'];
  const { decisions } = (await askServer(terminal, { url, key })) as {
    readonly decisions: readonly DecisionView[];
  };
  for (const decision of decisions) suggestions.addDecision(decision);
  return {
    text: `${plural(decisions.length, 'decision')} of ${safeText(admin)}`,
    remarks: ['A server keeps no text: every reading is assumed, and "bytes" is the length.'],
    problems: 0,
  };
}

async function addRequests(
  terminal: Terminal,
  file: string,
  suggestions: TestSuggestions,
): Promise<Source> {
  let read = 0;
  let problems = 0;
  for await (const { line, value, problem } of readRequests(terminal, file)) {
    const wrong = problem ?? (await suggestions.addRequest(value).then(refusedText, messageOf));
    if (wrong === null) read++;
    else {
      problems++;
      terminal.printError(`${safeText(file)}:${line}: ${safeText(wrong)}`);
    }
    terminal.progress(`${read} requests`);
  }
  terminal.progress(null);
  return { text: `${plural(read, 'request')} of ${safeText(file)}`, remarks: [], problems };
}

const refusedText = (isReadable: boolean): string | null =>
  isReadable ? null : 'the exchange refuses this body';

function messageOf(error: unknown): string {
  if (Fault.isInstance(error) && error.code === 'BRS_OFFLINE_INPUT') return error.message;
  throw error;
}
