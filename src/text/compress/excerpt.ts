/** About 250K tokens of English. Of a longer text parts are read, so that time has a bound. */
const LENGTH_MAX = 1_000_000;
const HEAD = 350_000;
const TAIL = 250_000;
const SAMPLES = 40;
const SAMPLE = (LENGTH_MAX - HEAD - TAIL) / SAMPLES;

/** What of a text is read: all of it, or of a very long one its head, its tail and even samples between. */
export function excerptOf(text: string): string {
  if (text.length <= LENGTH_MAX) return text;
  const tailStart = beforePair(text, text.length - TAIL);
  const parts = [text.slice(0, beforePair(text, HEAD))];
  const step = (tailStart - HEAD) / SAMPLES;
  for (let i = 0; i < SAMPLES; i++) {
    const start = beforePair(text, Math.floor(HEAD + i * step + (step - SAMPLE) / 2));
    parts.push(text.slice(start, beforePair(text, start + SAMPLE)));
  }
  parts.push(text.slice(tailStart));
  return parts.join('\n');
}

/** `at`, or one less where `at` would stand between the halves of a surrogate pair. */
function beforePair(text: string, at: number): number {
  return isPair(text.charCodeAt(at - 1), text.charCodeAt(at)) ? at - 1 : at;
}

/** Whether two code units are one character. */
export function isPair(high: number, low: number): boolean {
  return (high & 0xfc00) === 0xd800 && (low & 0xfc00) === 0xdc00;
}
