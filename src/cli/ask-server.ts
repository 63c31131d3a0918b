import { safeText } from './table.ts';
import { CommandFailed } from './terminal.ts';
import type { Terminal } from './terminal.ts';

export interface Question {
  readonly url: string;
  readonly key: string | undefined;
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
}

/** Asks a running server and reads its JSON. What goes wrong is printed in one line. */
export async function askServer(terminal: Terminal, question: Question): Promise<unknown> {
  const { url, key, method = 'GET', body } = question;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = JSON.stringify(body);
  const answer = await terminal.fetch(url, init).catch(() => null);
  if (answer === null) {
    throw failed(terminal, `nothing answers at ${safeText(url)}: is the server running?`);
  }
  const parsed: unknown = await answer.json().catch(() => null);
  if (!answer.ok) {
    const { error } = (parsed ?? {}) as { error?: { message?: string; bourse_code?: string } };
    const message = error?.message ?? `status ${answer.status}`;
    throw failed(terminal, `${safeText(error?.bourse_code ?? 'error')}: ${safeText(message)}`);
  }
  if (parsed === null) throw failed(terminal, `${safeText(url)} did not answer with JSON`);
  return parsed;
}

export function failed(terminal: Terminal, line: string): CommandFailed {
  terminal.printError(`bourse: ${line}`);
  return new CommandFailed();
}
