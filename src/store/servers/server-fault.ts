import { fault } from '../../kernel/index.ts';
import type { Fault } from '../../kernel/index.ts';

/**
 * `BRS_STORE` in the server's words. No cause goes along: what a client library throws can hold the
 * command that failed, and so the password. Nothing of the URL but its host and port is told.
 */
export function serverFault(url: string, error: unknown): Fault {
  const said = error instanceof Error ? wordsOf(error) : 'unknown error';
  return fault('BRS_STORE', { reason: `the cache at ${hostOf(url)}: ${scrubbed(said, url)}` });
}

/** Node gathers the attempts of one connect in an error without a message. */
function wordsOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const words = error.message === '' ? error.name : error.message;
  return code === undefined || words.includes(code) ? words : `${words} (${code})`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an unreadable URL';
}

function scrubbed(text: string, url: string): string {
  let clean = text.replaceAll(url, '***');
  if (!URL.canParse(url)) return clean;
  const { password } = new URL(url);
  for (const secret of [password, decoded(password)]) {
    if (secret !== '') clean = clean.replaceAll(secret, '***');
  }
  return clean;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
