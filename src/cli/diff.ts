import { Fault } from '../kernel/index.ts';
import type { DecidedBy, PolicyDiff, RequestDiff } from '../contract/index.ts';
import { DiffCount } from './diff-count.ts';
import { plural } from './plural.ts';
import { readRequests } from './read-requests.ts';
import type { RequestLine } from './read-requests.ts';
import { renderTable, safeText } from './table.ts';
import { CommandFailed } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export interface DiffFlags {
  readonly requests: string;
  readonly limit: number;
  readonly failOnChange?: boolean;
  readonly json?: boolean;
}

/** Problems of lines that are shown one by one; the rest are counted. */
const PROBLEMS_SHOWN = 10;

/** Decides every request of a file by two policies, and says which of them change. */
export async function diff(
  terminal: Terminal,
  [before, after]: readonly [string, string],
  flags: DiffFlags,
): Promise<void> {
  const { openDiff } = await terminal.loadApp();
  const policies = await openDiff({ before, after, env: terminal.env });
  const report = flags.json ? new JsonReport(terminal) : new TextReport(terminal, flags.limit);
  const count = new DiffCount();
  let problems = 0;
  for await (const line of readRequests(terminal, flags.requests)) {
    const compared = await compare(policies, line);
    if (typeof compared === 'string') {
      problems++;
      if (problems <= PROBLEMS_SHOWN) {
        terminal.printError(`${safeText(flags.requests)}:${line.line}: ${safeText(compared)}`);
      }
      continue;
    }
    count.add(compared);
    if (compared.changes.length > 0) report.add(line.line, compared);
    terminal.progress(`${count.requests} requests, ${count.changed} changed`);
  }
  terminal.progress(null);
  if (problems > PROBLEMS_SHOWN) {
    terminal.printError(`… and ${plural(problems - PROBLEMS_SHOWN, 'line')} more like these`);
  }
  report.end(count, problems);
  if (problems > 0 || (flags.failOnChange && count.changed > 0)) throw new CommandFailed();
}

/** A text says what is wrong with the line. */
async function compare(policies: PolicyDiff, line: RequestLine): Promise<RequestDiff | string> {
  if (line.problem !== null) return line.problem;
  try {
    return await policies.compare(line.value);
  } catch (error) {
    if (!Fault.isInstance(error) || error.code !== 'BRS_OFFLINE_INPUT') throw error;
    return error.message;
  }
}

interface Report {
  add(line: number, diff: RequestDiff): void;
  end(count: DiffCount, problems: number): void;
}

/** One JSON document, printed as it comes, so that a long file is not held in memory. */
class JsonReport implements Report {
  readonly #terminal: Terminal;
  #pending: string | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.print('{"changes": [');
  }

  add(line: number, { before, after, changes }: RequestDiff): void {
    if (this.#pending !== null) this.#terminal.print(`${this.#pending},`);
    const parties = { before: partyOf(before), after: partyOf(after) };
    this.#pending = JSON.stringify({ line, changes, ...parties });
  }

  end(count: DiffCount, problems: number): void {
    if (this.#pending !== null) this.#terminal.print(this.#pending);
    const { requests, changed, byChange, transitions, costUsd, energyJoules } = count;
    const summary = {
      requests,
      changed,
      unreadable: problems,
      byChange: Object.fromEntries(byChange),
      transitions: [...transitions].flatMap(([from, row]) =>
        [...row].map(([to, times]) => ({ from, to, requests: times })),
      ),
      costUsd,
      energyJoules,
    };
    this.#terminal.print(`], "summary": ${JSON.stringify(summary)}}`);
  }
}

const partyOf = (decided: DecidedBy): unknown => ({
  ...decided,
  injection: decided.injection === '' ? null : (JSON.parse(decided.injection) as unknown),
});

class TextReport implements Report {
  readonly #terminal: Terminal;
  readonly #limit: number;
  #shown = 0;

  constructor(terminal: Terminal, limit: number) {
    this.#terminal = terminal;
    this.#limit = limit;
  }

  add(line: number, diff: RequestDiff): void {
    this.#shown++;
    if (this.#shown > this.#limit) return;
    this.#terminal.progress(null);
    this.#terminal.print(`line ${line}: ${safeText(changeText(diff))}`);
  }

  end(count: DiffCount, problems: number): void {
    const { print } = this.#terminal;
    const hidden = this.#shown - Math.min(this.#shown, this.#limit);
    if (hidden > 0 && this.#limit > 0)
      print(`… and ${hidden} more: --limit shows them, --json all`);
    if (this.#shown > 0 && this.#limit > 0) print('');
    for (const line of summaryLines(count, problems)) print(line);
  }
}

/** For example `route a → b, model m → n, cost 12.10 → 30.00 µUSD`. */
function changeText({ before, after, changes }: RequestDiff): string {
  const parts = changes.map((change): string => {
    switch (change) {
      case 'cost':
        return `cost ${amount(before.costUsd, 1e6)} → ${amount(after.costUsd, 1e6)} µUSD`;
      case 'energy':
        return `energy ${amount(before.energyJoules, 1)} → ${amount(after.energyJoules, 1)} J`;
      case 'injection':
        return injectionText(before, after);
      default:
        return `${change} ${before[change] ?? 'none'} → ${after[change] ?? 'none'}`;
    }
  });
  return parts.join(', ');
}

function injectionText(before: DecidedBy, after: DecidedBy): string {
  if (before.injection === '') return 'injection none → some';
  return after.injection === '' ? 'injection some → none' : 'another injection';
}

const amount = (value: number | null, scale: number): string =>
  value === null ? 'unknown' : (value * scale).toFixed(2);

function summaryLines(count: DiffCount, problems: number): readonly string[] {
  const { requests, changed, byChange, costUsd, energyJoules } = count;
  const share = requests === 0 ? '' : ` (${((100 * changed) / requests).toFixed(1)} %)`;
  const unread = problems === 0 ? '' : `; ${plural(problems, 'line')} could not be read`;
  const lines = [`${changed} of ${plural(requests, 'request')} change${share}${unread}`];
  for (const [change, times] of byChange) lines.push(`  ${change.padEnd(10)} ${times}`);
  lines.push('', 'Expected of all requests, before → after');
  lines.push(`  cost    ${totals(costUsd, 'USD', 6)}`, `  energy  ${totals(energyJoules, 'J', 1)}`);
  const transitions = transitionRows(count);
  if (transitions.length === 0) return lines;
  const columns = [
    { title: 'before' },
    { title: 'after' },
    { title: 'requests', align: 'right' as const },
  ];
  return [...lines, '', 'Routes', ...renderTable(columns, transitions)];
}

function totals(sums: DiffCount['costUsd'], unit: string, digits: number): string {
  const { before, after, unknown } = sums;
  const difference = after - before;
  const sign = difference > 0 ? '+' : '';
  const share = before === 0 ? '' : `, ${sign}${((100 * difference) / before).toFixed(1)} %`;
  const left = unknown === 0 ? '' : ` (${plural(unknown, 'request')} of unknown ${unit} left out)`;
  return `${before.toFixed(digits)} → ${after.toFixed(digits)} ${unit}${share}${left}`;
}

/** The most frequent first; those that stay come last. */
function transitionRows({ transitions }: DiffCount): readonly (readonly string[])[] {
  const rows = [...transitions].flatMap(([from, row]) =>
    [...row].map(([to, times]) => ({ from, to, times })),
  );
  return rows
    .toSorted((a, b) => Number(a.from === a.to) - Number(b.from === b.to) || b.times - a.times)
    .map(({ from, to, times }) => [
      safeText(from),
      from === to ? '(the same)' : safeText(to),
      String(times),
    ]);
}
