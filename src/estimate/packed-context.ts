import type { ContextPrior, Outcome, RequestContext } from '../contract/index.ts';
import { SIZE_MAX } from './context.ts';

/** A context as it crosses threads and lies in the ledger: the space's name, a dot, and a byte for each number. */
export interface UnpackedContext {
  readonly space: string;
  readonly values: Float32Array;
  readonly prior: ContextPrior;
}

/** Numbers beyond are cut: they are of about unit variance. */
const VALUE_MAX = 4;
const VALUE_STEP = VALUE_MAX / 127;
const LOGIT_STEP = 1 / 1000;
const SPREAD_STEP = 1 / 100;
/** Log-odds, questions, spread: two bytes each. */
const PRIOR_BYTES = 6;
const NAME_LENGTH_MAX = 32;

export function packContext({ space, values }: RequestContext, prior: ContextPrior): string {
  const bytes = Buffer.allocUnsafe(PRIOR_BYTES + space.size);
  bytes.writeInt16LE(Math.round(within(prior.logit / LOGIT_STEP, 32_767)), 0);
  bytes.writeUInt16LE(Math.round(within(prior.questions, 65_535)), 2);
  bytes.writeUInt16LE(Math.round(within(prior.spread / SPREAD_STEP, 65_535)), 4);
  for (let i = 0; i < space.size; i++) {
    bytes.writeInt8(Math.round(within(values[i]! / VALUE_STEP, 127)), PRIOR_BYTES + i);
  }
  return `${space.name}.${bytes.toString('base64url')}`;
}

const within = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** Null where it is none. */
export function unpackContext(packed: string): UnpackedContext | null {
  const dot = packed.indexOf('.');
  if (dot < 1 || dot > NAME_LENGTH_MAX) return null;
  const bytes = Buffer.from(packed.slice(dot + 1), 'base64url');
  const size = bytes.length - PRIOR_BYTES;
  if (size < 1 || size > SIZE_MAX) return null;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = bytes.readInt8(PRIOR_BYTES + i) * VALUE_STEP;
  // The first number is the level, which no rounding may move.
  values[0] = 1;
  const questions = bytes.readUInt16LE(2);
  const spread = bytes.readUInt16LE(4) * SPREAD_STEP;
  if (questions === 0 || spread === 0) return null;
  return {
    space: packed.slice(0, dot),
    values,
    prior: { logit: bytes.readInt16LE(0) * LOGIT_STEP, questions, spread },
  };
}

/** What a verdict has of the outcome that it is about. */
export const contextOf = ({ context }: Pick<Outcome, 'context'>): { readonly context?: string } =>
  context === undefined ? {} : { context };
