import type { FastText, ShareKey, Understanding } from '../../contract/index.ts';
import { compressForSignals } from '../../text/index.ts';

/** Longer texts are compressed before a signal that reads for the gist: tokens that it gets to see. */
const GIST_TOKENS = 2000;
/** A transformer pays for each token: what it gets to see of a long text. */
const DEEP_TOKENS = 480;

/** A text as the deep models get it. */
export interface DeepText {
  readonly text: string;
}

/** The texts of a request that its signals share; each is read once. */
export interface RequestTexts {
  /** The last user text for its gist: compressed where it is long. */
  readonly gist: ShareKey<FastText>;
  readonly deepGist: ShareKey<DeepText>;
  /** The last user text, all of it. */
  readonly lastUser: ShareKey<FastText>;
  /** Every message with a text, all of it, in order. */
  readonly conversation: ShareKey<readonly FastText[]>;
}

const made = new WeakMap<Understanding, RequestTexts>();

/** The same keys for all who read requests with the same models: whoever asks first has the text read. */
export function requestTextsOf(understanding: Understanding): RequestTexts {
  let texts = made.get(understanding);
  if (texts === undefined) made.set(understanding, (texts = createRequestTexts(understanding)));
  return texts;
}

function createRequestTexts(understanding: Understanding): RequestTexts {
  const read = (text: string): FastText => understanding.fast().read(text);
  return {
    gist: { make: (workload) => read(gistOf(workload.lastUserText())) },
    deepGist: { make: (workload) => ({ text: deepGistOf(workload.lastUserText()) }) },
    lastUser: { make: (workload) => read(workload.lastUserText()) },
    conversation: {
      make: (workload) =>
        workload
          .messages()
          .filter(({ text }) => text !== '')
          .map(({ text }) => read(text)),
    },
  };
}

/** A text as the fast heads get it that read for the gist. */
export const gistOf = (text: string): string => compressForSignals(text, GIST_TOKENS).text;

/** A text as the deep heads get it that read for the gist. */
export const deepGistOf = (text: string): string => compressForSignals(text, DEEP_TOKENS).text;
