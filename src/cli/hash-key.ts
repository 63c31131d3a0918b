import { hash, randomBytes } from 'node:crypto';
import { failed } from './ask-server.ts';
import type { Terminal } from './terminal.ts';

/** Prints the SHA-256 that the policy file holds for a key; makes the key where none is given. */
export async function hashKey(terminal: Terminal, given: string | undefined): Promise<void> {
  const key = given === '-' ? (await terminal.readStdin()).trim() : (given ?? newKey());
  if (key === '') throw failed(terminal, 'the key is empty');
  const isNew = given === undefined;
  terminal.print(`key     ${isNew ? key : '(as given)'}`);
  terminal.print(`sha256  ${hash('sha256', key)}`);
  if (isNew)
    terminal.print('Give the key to its owner: it is stored nowhere. The policy gets the sha256.');
}

/** 256 random bits. */
function newKey(): string {
  return `sk-bourse-${randomBytes(32).toString('base64url')}`;
}
