import type { Workload } from '../../contract/index.ts';
import { fold } from './fold.ts';

/** A text and its folded form. */
export interface Searched {
  readonly original: string;
  readonly folded: string;
}

/** Folding a shorter text costs less than remembering it. */
const SHORT_CHARACTERS = 2048;

// Keyed by the request, so that all keyword signals of one request fold a long text once.
const lastUserTexts = new WeakMap<Workload, Searched>();
const conversations = new WeakMap<Workload, Searched>();

/** The last user text. */
export function searchedLastUser(workload: Workload): Searched {
  const original = workload.lastUserText();
  if (original.length < SHORT_CHARACTERS) return { original, folded: fold(original) };
  let searched = lastUserTexts.get(workload);
  if (searched === undefined) {
    searched = { original, folded: fold(original) };
    lastUserTexts.set(workload, searched);
  }
  return searched;
}

/** The text of every message; of a request without messages, its prompt. */
export function searchedConversation(workload: Workload): Searched {
  let searched = conversations.get(workload);
  if (searched === undefined) {
    const messages = workload.messages();
    const original =
      messages.length === 0
        ? workload.lastUserText()
        : messages.map((message) => message.text).join('\n');
    searched = { original, folded: fold(original) };
    conversations.set(workload, searched);
  }
  return searched;
}
