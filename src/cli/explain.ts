import type { DecisionView } from '../contract/index.ts';
import { requestForm } from '../policy/index.ts';
import { askServer, failed } from './ask-server.ts';
import { readData } from './read-data.ts';
import { renderDecision } from './render-decision.ts';
import { safeText } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface ExplainFlags {
  readonly config?: string;
  readonly admin: string;
  readonly request?: string;
  readonly model?: string;
  readonly tools?: readonly string[];
  readonly role?: readonly string[];
  readonly tenant?: string;
  readonly at?: string;
  readonly assume?: readonly string[];
  readonly json?: boolean;
}

/** Decides without serving: by a policy file, or by a running server with what it knows of its fleet. */
export async function explain(
  terminal: Terminal,
  text: string | undefined,
  flags: ExplainFlags,
): Promise<void> {
  const { config, admin } = flags;
  const request = await requestOf(terminal, text, flags);
  let view: DecisionView;
  if (config === undefined) {
    view = (await askServer(terminal, {
      url: `${admin.replace(/\/+$/, '')}/admin/v1/explain`,
      key: terminal.env['BOURSE_ADMIN_KEY'],
      method: 'POST',
      body: request,
    })) as DecisionView;
  } else {
    const { explainOnce } = await terminal.loadApp();
    view = await explainOnce({ configFile: config, env: terminal.env, request });
  }
  terminal.print(
    flags.json ? JSON.stringify(view, null, 2) : renderDecision(view, terminal.screen),
  );
}

/** The request of a file or of a text, with what the flags say of it. */
async function requestOf(
  terminal: Terminal,
  text: string | undefined,
  flags: ExplainFlags,
): Promise<unknown> {
  const { request: file, model, tools, role, tenant, at, assume } = flags;
  if ((text === undefined) === (file === undefined)) {
    throw failed(terminal, 'say what is asked: a text, or --request FILE');
  }
  const given = file === undefined ? { text } : await readRequest(terminal, file);
  const assumed = assume === undefined ? {} : assumptions(terminal, assume);
  return {
    ...given,
    ...(model !== undefined && { model }),
    ...(tools !== undefined && { tools }),
    ...(role !== undefined && { roles: role }),
    ...(tenant !== undefined && { tenant }),
    ...(at !== undefined && { at }),
    ...(assume !== undefined && { assume: { ...(given['assume'] as object), ...assumed } }),
  };
}

async function readRequest(terminal: Terminal, file: string): Promise<Record<string, unknown>> {
  const source = file === '-' ? await terminal.readStdin() : readData(terminal, file);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw failed(terminal, `${safeText(file)} is no JSON: ${safeText((error as Error).message)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return requestForm(value) as Record<string, unknown>;
  }
  throw failed(terminal, `${safeText(file)} must hold one JSON object`);
}

/** `domain=math`, `complexity=0.8`, `keyword: titan=true`, `domain={"math":0.4}`, `language=null`. */
function assumptions(terminal: Terminal, pairs: readonly string[]): Record<string, unknown> {
  const entries = pairs.map((pair): [string, unknown] => {
    const at = pair.lastIndexOf('=');
    if (at > 0) return [pair.slice(0, at).trim(), jsonOrText(pair.slice(at + 1))];
    throw failed(terminal, `--assume ${safeText(pair)} must be SIGNAL=VALUE, such as domain=math`);
  });
  return Object.fromEntries(entries);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
