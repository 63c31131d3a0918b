import type { RequestBody, Surface } from '../contract/index.ts';
import type { AnswerReader } from './answer-reader.ts';
import { decodeString } from './read-field.ts';

/** What a model is asked about an answer. */
export const SELF_CHECK_QUESTION =
  'Is the answer above correct and complete? Reply with one word: Yes or No.';
/** Room for the word, and for a server that begins with a blank or a line break. */
const TOKENS_MAX = 4;
/** Of a server that does not tell how sure a word was. */
const PROBABILITY_OF_WORD = 0.9;
const PROBABILITY_MIN = 0.005;

/**
 * The request that asks whether an answer is right: the client's own conversation, the answer, the
 * question. Null where the conversation is not there to be asked in. The model is put in by the attempt.
 */
export function selfCheckBody(
  { bytes, fields }: RequestBody,
  surface: Extract<Surface, 'chat' | 'completions'>,
  answer: string,
): Buffer | null {
  const span = fields.get(surface === 'chat' ? 'messages' : 'prompt');
  if (span === undefined) return null;
  const rest = `"max_tokens":${TOKENS_MAX},"temperature":0,"logprobs":`;
  if (surface === 'completions') {
    if (bytes[span.start] !== 0x22) return null;
    const prompt = decodeString(bytes, span.start, span.end, 'prompt');
    const asked = `${prompt}${answer}\n\n${SELF_CHECK_QUESTION}\n`;
    return Buffer.from(`{"model":"auto","prompt":${JSON.stringify(asked)},${rest}1}`);
  }
  // The conversation's own bytes, without its closing bracket.
  const close = bytes.lastIndexOf(0x5d, span.end);
  if (bytes[span.start] !== 0x5b || close <= span.start) return null;
  const turns = [
    { role: 'assistant', content: answer },
    { role: 'user', content: SELF_CHECK_QUESTION },
  ];
  const added = turns.map((turn) => JSON.stringify(turn)).join(',');
  return Buffer.concat([
    Buffer.from('{"model":"auto","messages":'),
    bytes.subarray(span.start, close),
    Buffer.from(`,${added}],${rest}true}`),
  ]);
}

/** The log-odds of "yes" in the reply; null where it says neither. */
export function readSelfCheck({ text, firstLogprob }: AnswerReader): number | null {
  const [, word] = /^[^a-z]{0,16}(yes|no)\b/i.exec(text.slice(0, 64)) ?? [];
  if (word === undefined) return null;
  const sure = firstLogprob === null ? PROBABILITY_OF_WORD : Math.exp(firstLogprob);
  const yes = word.toLowerCase() === 'yes' ? sure : 1 - sure;
  const p = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, yes));
  return Math.log(p / (1 - p));
}
