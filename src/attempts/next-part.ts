import type { Model, Surface, Usage } from '../contract/index.ts';
import type { Overrun } from '../wire/index.ts';
import type { FurtherPart } from './prepared-call.ts';

/** Parts of an answer that have a limit of the exchange's own: each may be twice as long as the one before. */
const LIMITED_PARTS = 3;
/** Where every part needs one, no answer has more parts than this. */
const PARTS_MAX = 16;
/** What is reserved for an answer that no limit ends, where the model's longest is unknown. */
const UNLIMITED_TOKENS = 4096;

/** How an answer stands when its limit has cut it. */
export interface CutPart {
  readonly kind: Overrun;
  readonly surface: Surface;
  readonly model: Pick<Model, 'maxOutputTokens' | 'contextWindowTokens'>;
  /** The limit of its first part. */
  readonly limitTokens: number;
  /** Parts so far, the one at hand included. */
  readonly parts: number;
  /** Tokens of all of them. */
  readonly writtenTokens: number;
  /** Of the part at hand; null where the server does not say. */
  readonly usage: Usage | null;
}

export interface NextPart {
  /** The exchange's own limit of the part; null: none any more. */
  readonly limitTokens: number | null;
  /** The most that it can be, for budgets that have to hold it. */
  readonly tokensMax: number;
}

/** `leftTokens`: what the reservation and the client's own ceiling leave it; null: there is neither. */
export interface PendingPart extends NextPart {
  readonly leftTokens: number | null;
  readonly further: FurtherPart;
}

/**
 * How long the next part may be; null where the answer ends here, since the model or its window ends
 * it. An answer that begins anew is not limited again. Completions always are: without a limit, that
 * surface has one of 16 tokens.
 */
export function nextPartOf(cut: CutPart): NextPart | null {
  const { kind, model, parts } = cut;
  const written = kind === 'continue' ? cut.writtenTokens : 0;
  const room = roomOf(cut, written);
  if (room < 1 || parts >= PARTS_MAX) return null;
  const most = model.maxOutputTokens === null ? UNLIMITED_TOKENS - written : Infinity;
  const tokensMax = Math.min(room, Math.max(most, 2 * cut.writtenTokens));
  const doubled = cut.limitTokens * 2 ** parts;
  if (cut.surface === 'completions') {
    const limitTokens = Math.min(room, kind === 'continue' ? doubled : tokensMax);
    return { limitTokens, tokensMax: limitTokens };
  }
  if (kind === 'continue' && parts < LIMITED_PARTS && doubled < room) {
    return { limitTokens: doubled, tokensMax: doubled };
  }
  return { limitTokens: null, tokensMax };
}

/** What the model and its window leave behind what is written. */
function roomOf({ kind, model, usage }: CutPart, written: number): number {
  const own = (model.maxOutputTokens ?? Infinity) - written;
  if (model.contextWindowTokens === null || usage === null) return own;
  const behind = usage.promptTokens + (kind === 'continue' ? usage.outputTokens : 0);
  return Math.min(own, model.contextWindowTokens - behind);
}
