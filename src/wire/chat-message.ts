import type { CallPiece, ResponsesOutput } from './responses-output.ts';
import { isObject } from './usage.ts';

type Json = Readonly<Record<string, unknown>>;

/** Adds a chat message, or the delta of one, to an output. Engines call reasoning by either name. */
export function addMessage(output: ResponsesOutput, message: Json): void {
  const reasoning = textAt(message, 'reasoning') ?? textAt(message, 'reasoning_content');
  if (reasoning !== null) output.addText('reasoning_text', reasoning);
  const content = textAt(message, 'content');
  if (content !== null) output.addText('output_text', content);
  const refusal = textAt(message, 'refusal');
  if (refusal !== null) output.addText('refusal', refusal);
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return;
  for (const [position, call] of (calls as readonly unknown[]).entries()) {
    const piece = pieceOf(call, position);
    if (piece !== null) output.addCall(piece);
  }
}

function pieceOf(call: unknown, position: number): CallPiece | null {
  if (!isObject(call) || !isObject(call['function'])) return null;
  const { index } = call;
  return {
    index: typeof index === 'number' ? index : position,
    id: textAt(call, 'id'),
    name: textAt(call['function'], 'name'),
    arguments: textAt(call['function'], 'arguments') ?? '',
  };
}

function textAt(value: Json, key: string): string | null {
  const text = value[key];
  return typeof text === 'string' && text !== '' ? text : null;
}
