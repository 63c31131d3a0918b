import type { LlamaCallChunk, LlamaGenerateOptions } from './llama-port.ts';
import type { LocalPiece } from './local-model.ts';

/** Tells the calls that the library reports as pieces of an answer. */
export function callPieces(
  onPiece: (piece: LocalPiece) => void,
): Required<Pick<LlamaGenerateOptions, 'onFunctionCallParamsChunk' | 'onFunctionCall'>> {
  /** Calls that were begun, and ended. */
  let begun = 0;
  let ended = 0;
  /** What ends the arguments is white space too, and is no part of them. */
  let space = '';
  const begin = (name: string): void => {
    begun++;
    space = '';
    onPiece({ kind: 'call', name });
  };
  return {
    onFunctionCallParamsChunk: ({ callIndex, functionName, paramsChunk }: LlamaCallChunk) => {
      if (callIndex >= begun) begin(functionName);
      const chunk = space + paramsChunk;
      const text = chunk.trimEnd();
      space = chunk.slice(text.length);
      if (text !== '') onPiece({ kind: 'arguments', text });
    },
    onFunctionCall: ({ functionName }) => {
      if (ended++ < begun) return;
      begin(functionName);
      onPiece({ kind: 'arguments', text: '{}' });
    },
  };
}
