import type { TextSpan } from '../../contract/index.ts';
import { probabilitiesOf } from '../calibration.ts';
import type { DeepTokens } from './token-session.ts';

const UNSCALED = { kind: 'temperature', temperature: 1 } as const;
const OUTSIDE = 'O';

interface OpenSpan {
  readonly start: number;
  end: number;
  readonly type: string;
  sum: number;
  words: number;
}

/** The prefixes of BIO and BIOES tags; a tag without one is a type by itself. */
const PREFIX = /^[BIESLU]-/;

export const typeOfTag = (tag: string): string | null =>
  tag === OUTSIDE ? null : tag.replace(PREFIX, '');

/**
 * Spans from the logits of tokens (`logits[token · labels + label]`). The first piece of a word
 * speaks for the word; its confidence is the mean share of its words' tags, before calibration.
 */
export function spansOfTags(
  tokens: DeepTokens,
  logits: Float32Array,
  labels: readonly string[],
): TextSpan[] {
  const spans: OpenSpan[] = [];
  let open: OpenSpan | null = null;
  for (let token = 0; token < tokens.ids.length; token++) {
    const end = tokens.ends[token]!;
    if (tokens.continues[token] === 1 && token > 0) {
      if (open !== null) open.end = end;
      continue;
    }
    const at = token * labels.length;
    const shares = probabilitiesOf(UNSCALED, logits.subarray(at, at + labels.length));
    let best = 0;
    for (let i = 1; i < shares.length; i++) if (shares[i]! > shares[best]!) best = i;
    const tag = labels[best]!;
    const type = typeOfTag(tag);
    if (type === null) {
      open = null;
      continue;
    }
    const goesOn = open !== null && open.type === type && !/^[BSU]-/.test(tag);
    if (!goesOn) {
      open = { start: tokens.starts[token]!, end, type, sum: 0, words: 0 };
      spans.push(open);
    }
    open!.end = end;
    open!.sum += shares[best]!;
    open!.words++;
  }
  return spans.map(({ start, end, type, sum, words }) => ({
    start,
    end,
    type,
    confidence: sum / words,
  }));
}
