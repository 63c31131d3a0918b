import { isObject } from '../wire/index.ts';
import type { Verdict } from './tool-judge.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Where a piece of a call stands in a delta. */
export type CallField = 'tool_calls' | 'function_call';

/** A piece of a call that waits until its call is judged. */
export interface HeldPiece {
  /** The event as it came, where the piece is all that it says; null where it said more. */
  readonly raw: Buffer | null;
  /** The event that it came in. */
  readonly chunk: Json;
  readonly choice: number;
  readonly piece: Json;
  /** What else the delta of a raw event says, such as the role. */
  readonly rest: Json;
}

/** One call of a streamed answer, from its first piece on. */
export interface ChatCall {
  readonly field: CallField;
  /** As the engine numbers it. */
  readonly index: number;
  id: string;
  name: string;
  /** `verdict` null: it goes on. Undefined: not yet judged. */
  verdict: Verdict | null | undefined;
  /** As the client sees it numbered. */
  outIndex: number;
  held: HeldPiece[];
  heldBytes: number;
}

/** What was seen of one choice of a streamed answer. */
export interface ChatChoice {
  /** By field and index: the call that grows there. */
  readonly calls: Map<string, ChatCall>;
  /** Indexes of calls that were taken out. */
  readonly dropped: Set<number>;
  /** What the client is told where nothing is left; null: no call was taken out. */
  message: string | null;
  passed: number;
  hasContent: boolean;
  hasRole: boolean;
  isFinished: boolean;
}

export const newChoice = (): ChatChoice => ({
  calls: new Map(),
  dropped: new Set(),
  message: null,
  passed: 0,
  hasContent: false,
  hasRole: false,
  isFinished: false,
});

/** The object of a piece that has its name and its arguments. */
function bodyOf(piece: Json, field: CallField): Json {
  if (field === 'function_call') return piece;
  if (isObject(piece['function'])) return piece['function'];
  return isObject(piece['custom']) ? piece['custom'] : {};
}

export const nameOf = (piece: Json, field: CallField): string =>
  textOf(bodyOf(piece, field)['name']);

/** Whether a piece has a part of the arguments, of whatever type. */
export function hasArguments(piece: Json, field: CallField): boolean {
  const body = bodyOf(piece, field);
  return [body['arguments'], body['input']].some(
    (value) => value !== undefined && value !== null && value !== '',
  );
}

/** The piece as the client gets it: numbered anew where a call before it was taken out, without a name that comes late. */
export function adjusted(call: ChatCall, piece: Json, isLate: boolean): Json {
  const { field, index, outIndex } = call;
  const isRenumbered = field === 'tool_calls' && outIndex !== index;
  const hasLateName = isLate && nameOf(piece, field) !== '';
  if (!isRenumbered && !hasLateName) return piece;
  const out: Record<string, unknown> = { ...piece };
  if (isRenumbered) out['index'] = outIndex;
  if (hasLateName && field === 'function_call') delete out['name'];
  for (const member of hasLateName ? ['function', 'custom'] : []) {
    const body = out[member];
    if (!isObject(body)) continue;
    const { name: _late, ...others } = body;
    out[member] = others;
  }
  return out;
}

/** Whether a delta, or the message of a whole answer, says something to whoever reads it. */
export function hasContent(delta: Json): boolean {
  return (
    textOf(delta['content']) !== '' ||
    textOf(delta['refusal']) !== '' ||
    isObject(delta['audio']) ||
    (Array.isArray(delta['content']) && delta['content'].length > 0)
  );
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An event of the chat surface. */
export const chatEvent = (value: Json): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
