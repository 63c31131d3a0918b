import { readFileSync } from 'node:fs';
import type {
  PolicyAnalysis,
  PolicyFinding,
  PolicyPlace,
  PolicyProblem,
  PolicyTestResult,
} from '../contract/index.ts';
import { failed } from './ask-server.ts';
import { plural } from './plural.ts';
import { sarifOf } from './sarif.ts';
import { safeText } from './table.ts';
import { CommandFailed } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Characters of a request that are shown; all of it stands in the JSON. */
const WITNESS_MAX = 600;

export interface CheckFlags {
  readonly strict?: boolean;
  readonly sarif?: boolean;
  readonly json?: boolean;
}

/**
 * Validates a policy file, shows what conflict analysis finds, and runs its tests: fails on an error, and
 * on a test that does; with `strict`, on a warning too.
 */
export async function check(terminal: Terminal, file: string, flags: CheckFlags): Promise<void> {
  assertReadable(terminal, file);
  const { checkConfig } = await terminal.loadApp();
  const checked = await checkConfig({ configFile: file, env: terminal.env });
  const { problems, tests, analysis } = checked;
  const findings = analysis?.findings ?? [];
  const all = [...problems, ...findings];
  const errors = all.filter(({ severity }) => severity === 'error').length;
  const warnings = all.filter(({ severity }) => severity === 'warning').length;
  const failures = tests.filter((test) => test.failures.length > 0);
  if (flags.sarif) {
    terminal.print(JSON.stringify(sarifOf(file, problems, findings), null, 2));
  } else if (flags.json) {
    const { undecided = 0, solver = null } = analysis ?? {};
    terminal.print(JSON.stringify({ problems, findings, undecided, solver, tests }, null, 2));
  } else {
    for (const problem of problems) terminal.print(problemLine(file, problem));
    for (const finding of findings) {
      for (const line of findingLines(file, finding)) terminal.print(line);
    }
    for (const test of failures) for (const line of failureLines(file, test)) terminal.print(line);
    terminal.print(verdict(file, errors, warnings));
    if (analysis !== null && analysis.undecided > 0) terminal.print(undecidedLine(analysis));
    if (tests.length > 0) terminal.print(testVerdict(tests.length, failures.length));
  }
  const isBad = errors > 0 || failures.length > 0 || (flags.strict === true && warnings > 0);
  if (isBad) throw new CommandFailed();
}

/** A finding, the places that belong to it, and the request that shows it. */
function findingLines(mainFile: string, finding: PolicyFinding): string[] {
  const { code, severity, message, related, witness } = finding;
  const lines = [`${placeText(mainFile, finding)}: ${severity}: ${safeText(message)} [${code}]`];
  for (const each of related) {
    lines.push(`  ${placeText(mainFile, each)}: ${safeText(each.message)}`);
  }
  if (witness !== null) {
    const request = JSON.stringify(witness.request);
    const shown = request.length <= WITNESS_MAX ? request : `${request.slice(0, WITNESS_MAX)}…`;
    lines.push(`  for example ${safeText(shown)}`, `    ${safeText(witness.shows)}`);
  }
  return lines;
}

function undecidedLine({ undecided, solver }: PolicyAnalysis): string {
  const questions = plural(undecided, 'question');
  const remedy = solver.includes('z3') ? '' : ': install z3-solver to have more of them decided';
  return `Conflict analysis left ${questions} undecided, of which nothing is said${remedy}.`;
}

function verdict(file: string, errors: number, warnings: number): string {
  if (errors > 0) {
    return `${file} has ${plural(errors, 'error')} and ${plural(warnings, 'warning')}.`;
  }
  return `${file} is valid${warnings === 0 ? '' : `, with ${plural(warnings, 'warning')}`}.`;
}

function testVerdict(count: number, failed: number): string {
  if (failed === 0) return count === 1 ? 'Its test passes.' : `Its ${count} tests pass.`;
  return `${failed} of ${plural(count, 'test')} ${failed === 1 ? 'fails' : 'fail'}.`;
}

/** A failed test: its name, each expectation by its place, and what decided. */
function failureLines(file: string, { name, decision, failures }: PolicyTestResult): string[] {
  const lines = failures.map((problem) => problemLine(file, problem));
  const decided =
    decision === null
      ? []
      : [
          `  it was decided by route ${decision.route ?? 'none'}, to ${decision.winner ?? 'nobody'}`,
        ];
  return [
    `test "${safeText(name)}" fails:`,
    ...lines.map((line) => `  ${line}`),
    ...decided.map(safeText),
  ];
}

function problemLine(mainFile: string, problem: PolicyProblem): string {
  const { severity, message, path, line, column, suggestion, file = mainFile } = problem;
  const place = placeText(file, { line, column });
  const at = path === '' ? '' : ` (${safeText(path)})`;
  const hint = suggestion === null ? '' : `; did you mean "${safeText(suggestion)}"?`;
  return `${place}: ${severity}: ${safeText(message)}${at}${hint}`;
}

function placeText(
  mainFile: string,
  { file = mainFile, line, column }: Pick<PolicyPlace, 'file' | 'line' | 'column'>,
): string {
  return line === null ? file : `${file}:${line}:${column ?? 1}`;
}

function assertReadable(terminal: Terminal, file: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? 'unknown');
    throw failed(terminal, `cannot read ${file}: ${reason}`);
  }
}
