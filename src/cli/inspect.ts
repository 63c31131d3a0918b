import type { DecisionView } from '../contract/index.ts';
import { askServer } from './ask-server.ts';
import { renderDecision } from './render-decision.ts';
import { renderTable, safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

interface OutputFlags {
  readonly json?: boolean;
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
    terminal.print(renderDecision(answer as DecisionView, terminal.screen));
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

/** Prints the JSON Schema of the policy file, for editors. */
export async function printSchema(terminal: Terminal): Promise<void> {
  const { configSchema } = await terminal.loadApp();
  terminal.print(JSON.stringify(await configSchema(), null, 2));
}

function base(url: string): string {
  return url.replace(/\/+$/, '');
}
