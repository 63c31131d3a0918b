import { readFileSync } from 'node:fs';
import type { DecisionView, PolicyProblem } from '../contract/index.ts';
import { askServer, failed } from './ask-server.ts';
import { plural } from './plural.ts';
import { renderDecision } from './render-decision.ts';
import { renderTable, safeText } from './table.ts';
import { CommandFailed } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface OutputFlags {
  readonly json?: boolean;
}

export interface ExplainFlags extends OutputFlags {
  readonly config?: string;
  readonly admin: string;
  readonly model: string;
  readonly tools?: readonly string[];
}

/** Decides without serving: by a policy file, or by a running server with what it knows of its fleet. */
export async function explain(
  terminal: Terminal,
  text: string,
  flags: ExplainFlags,
): Promise<void> {
  const { config, admin, model, tools = [] } = flags;
  let view: DecisionView;
  if (config === undefined) {
    view = (await askServer(terminal, {
      url: `${base(admin)}/admin/v1/explain`,
      key: terminal.env['BOURSE_ADMIN_KEY'],
      method: 'POST',
      body: { text, model, tools },
    })) as DecisionView;
  } else {
    const { explainOnce } = await terminal.loadApp();
    view = await explainOnce({ configFile: config, env: terminal.env, text, model, tools });
  }
  terminal.print(flags.json ? JSON.stringify(view, null, 2) : renderDecision(view));
}

export interface DecisionsFlags extends OutputFlags {
  readonly admin: string;
  readonly limit: number;
}

/** Shows the last decisions of a running server, or one of them in full. */
export async function decisions(
  terminal: Terminal,
  id: string | undefined,
  flags: DecisionsFlags,
): Promise<void> {
  const path = id === undefined ? `?limit=${flags.limit}` : `/${encodeURIComponent(id)}`;
  const key = terminal.env['BOURSE_ADMIN_KEY'];
  const url = `${base(flags.admin)}/admin/v1/decisions${path}`;
  const answer = await askServer(terminal, { url, key });
  if (flags.json) {
    terminal.print(JSON.stringify(answer, null, 2));
  } else if (id === undefined) {
    const { decisions } = answer as { decisions: readonly DecisionView[] };
    for (const line of decisionLines(decisions)) terminal.print(line);
  } else {
    terminal.print(renderDecision(answer as DecisionView));
  }
}

function decisionLines(views: readonly DecisionView[]): string[] {
  if (views.length === 0) return ['No decisions yet.'];
  const columns = ['decision', 'at', 'asked', 'route', 'mode', 'went to', 'status'];
  const rows = views.map((view) => [
    safeText(view.id),
    view.at,
    safeText(view.requestedModel),
    safeText(view.route ?? ''),
    safeText(view.mode ?? ''),
    safeText(view.outcome?.instance ?? view.winner ?? ''),
    view.refusal?.reason ?? view.outcome?.status ?? 'in flight',
  ]);
  return renderTable(
    columns.map((title) => ({ title })),
    rows,
    '',
  );
}

export interface ModelsFlags extends OutputFlags {
  readonly url: string;
}

/** Lists the models of a running server. */
export async function models(terminal: Terminal, flags: ModelsFlags): Promise<void> {
  const key = terminal.env['BOURSE_API_KEY'];
  const answer = await askServer(terminal, { url: `${base(flags.url)}/v1/models`, key });
  if (flags.json) {
    terminal.print(JSON.stringify(answer, null, 2));
    return;
  }
  const { data } = answer as { data: readonly { readonly id: string }[] };
  for (const { id } of data) terminal.print(safeText(id));
}

/** Validates a policy file. */
export async function check(terminal: Terminal, file: string, flags: OutputFlags): Promise<void> {
  assertReadable(terminal, file);
  const { checkConfig } = await terminal.loadApp();
  const problems = await checkConfig({ configFile: file, env: terminal.env });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (flags.json) {
    terminal.print(JSON.stringify(problems, null, 2));
  } else {
    for (const problem of problems) terminal.print(problemLine(file, problem));
    const warnings = problems.length - errors;
    terminal.print(
      errors === 0
        ? `${file} is valid${warnings === 0 ? '' : `, with ${plural(warnings, 'warning')}`}.`
        : `${file} has ${plural(errors, 'error')} and ${plural(warnings, 'warning')}.`,
    );
  }
  if (errors > 0) throw new CommandFailed();
}

function problemLine(file: string, problem: PolicyProblem): string {
  const { severity, message, path, line, column, suggestion } = problem;
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  const at = path === '' ? '' : ` (${safeText(path)})`;
  const hint = suggestion === null ? '' : `; did you mean "${safeText(suggestion)}"?`;
  return `${place}: ${severity}: ${safeText(message)}${at}${hint}`;
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

/** Prints the JSON Schema of the policy file, for editors. */
export async function printSchema(terminal: Terminal): Promise<void> {
  const { configSchema } = await terminal.loadApp();
  terminal.print(JSON.stringify(configSchema(), null, 2));
}

function base(url: string): string {
  return url.replace(/\/+$/, '');
}
