/** Sizes of request bodies, in bytes, about. */
export const BODY_SIZES: Readonly<Record<string, number>> = {
  '450': 450,
  '8k': 8 * 1024,
  '100k': 100 * 1024,
};

const WORDS = (
  'a router reads what someone asks and finds the server that will answer it well without cost ' +
  'or delay beyond what the question is worth while others wait for their turn in the queue'
).split(' ');

/** Prose of words, full stops, quotes and line ends, the same on every machine. */
function prose(characters: number): string {
  let state = 20_251;
  let text = '';
  while (text.length < characters) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    text += WORDS[state % WORDS.length]!;
    const mark = (state >>> 16) % 40;
    text += mark < 2 ? '.\n' : mark === 2 ? ' "so" ' : ' ';
  }
  return text.slice(0, characters);
}

/** A chat request of about `bytes` bytes: one turn when short, 8 or 40 when long. */
export function chatBody(bytes: number, isStream: boolean): string {
  const turns = bytes < 1000 ? 1 : bytes < 10_000 ? 7 : 39;
  const perTurn = Math.max(60, Math.floor((bytes - 220) / turns) - 40);
  const messages = Array.from({ length: turns }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: prose(perTurn),
  }));
  return JSON.stringify({
    model: 'auto',
    messages: [{ role: 'system', content: 'You are a helpful assistant.' }, ...messages],
    temperature: 0.7,
    max_tokens: 256,
    user: 'user-1234',
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
  });
}
