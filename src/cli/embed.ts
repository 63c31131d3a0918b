import { openModels } from './evaluate.ts';
import { failed } from './ask-server.ts';
import { readData } from './read-data.ts';
import type { Terminal } from './terminal.ts';

export interface EmbedFlags {
  readonly file?: string;
}

const DIGITS = 6;

/** Prints one JSON line per text: its vector, of unit length. */
export async function embed(
  terminal: Terminal,
  given: readonly string[],
  flags: EmbedFlags,
): Promise<void> {
  const texts = [...given];
  if (flags.file !== undefined) {
    texts.push(
      ...readData(terminal, flags.file)
        .split(/\r?\n/)
        .filter((line) => line !== ''),
    );
  }
  if (texts.length === 0) throw failed(terminal, 'there is nothing to embed: give TEXT or --file');
  const { encoder } = (await openModels(terminal)).fast();
  for (const text of texts) {
    const embedding = Array.from(encoder.embedOne(text), (value) => Number(value.toFixed(DIGITS)));
    terminal.print(JSON.stringify({ text, encoder: encoder.name, embedding }));
  }
}
