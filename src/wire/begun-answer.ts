import type { Surface } from '../contract/index.ts';
import type { BodyEdits } from './body-edits.ts';
import { CLOSE_BRACKET, OPEN_BRACKET, QUOTE, firstItem } from './json-text.ts';

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * Asks a server to go on with a begun answer: as a last message of the assistant that the template
 * leaves open (vLLM), or as more of the prompt. Returns whether the body has a place for it.
 */
export function addBegunAnswer(edits: BodyEdits, surface: Surface, text: string): boolean {
  return surface === 'completions' ? addToPrompt(edits, text) : addMessage(edits, text);
}

function addMessage(edits: BodyEdits, text: string): boolean {
  const messages = edits.valueOf('messages');
  if (messages === null || messages[0] !== OPEN_BRACKET) return false;
  const list = { bytes: messages, end: messages.length, isStrict: false };
  const comma = firstItem(list, 0, CLOSE_BRACKET) < 0 ? '' : ',';
  const message = `${comma}${JSON.stringify({ role: 'assistant', content: text })}]`;
  edits.set('messages', Buffer.concat([messages.subarray(0, -1), Buffer.from(message)]));
  edits.set('continue_final_message', TRUE);
  edits.set('add_generation_prompt', FALSE);
  return true;
}

function addToPrompt(edits: BodyEdits, text: string): boolean {
  const prompt = edits.valueOf('prompt');
  if (prompt === null || prompt[0] !== QUOTE) return false;
  const rest = Buffer.from(JSON.stringify(text).slice(1));
  edits.set('prompt', Buffer.concat([prompt.subarray(0, -1), rest]));
  return true;
}

/**
 * The text as it is handed back. Chat templates trim what stands at the end of a message, so a server
 * is asked to write that again; `withoutRepeated` takes it out of what comes.
 */
export const handedBack = (surface: Surface, text: string): string =>
  surface === 'completions' ? text : text.trimEnd();

/** What `next` has beyond the beginning that it shares with `written`, the end of the text before it. */
export function withoutRepeated(written: string, next: string): string {
  let shared = 0;
  while (shared < written.length && written[shared] === next[shared]) shared++;
  return next.slice(shared);
}
