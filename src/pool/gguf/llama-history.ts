import type { LlamaCall, LlamaChatWrapper, LlamaFunctions, LlamaTurn } from './llama-port.ts';
import type { LocalAsk, LocalTurn } from './local-model.ts';

/**
 * A conversation as the library has it: what a model says, calls and hears from its tools is one turn
 * until a person speaks again. It ends with the turn of the model that is to go on.
 */
export function historyOf(turns: readonly LocalTurn[], continues: boolean): LlamaTurn[] {
  const history: LlamaTurn[] = [];
  for (const turn of turns) {
    if (turn.role !== 'assistant') {
      history.push({ type: turn.role, text: turn.text });
      continue;
    }
    const last = lastModelTurn(history);
    if (turn.text !== '') last.response.push(turn.text);
    turn.calls.forEach(({ name, params, result }, i) => {
      const call: LlamaCall = {
        type: 'functionCall',
        name,
        params,
        result,
        startsNewChunk: i === 0,
      };
      last.response.push(call);
    });
  }
  const last = turns.at(-1);
  // What is said after results goes on; what is said after words is another turn, unless they were begun.
  if (last?.role === 'assistant' && (continues || last.calls.length > 0)) return history;
  history.push({ type: 'model', response: [] });
  return history;
}

function lastModelTurn(history: LlamaTurn[]): LlamaTurn & { type: 'model' } {
  const last = history.at(-1);
  if (last?.type === 'model') return last;
  const begun: LlamaTurn & { type: 'model' } = { type: 'model', response: [] };
  history.push(begun);
  return begun;
}

/** Undefined: there are none. */
export function functionsOf(tools: LocalAsk['tools']): LlamaFunctions | undefined {
  if (tools.length === 0) return undefined;
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      {
        ...(description !== null && { description }),
        ...(parameters !== null && { params: parameters }),
      },
    ]),
  );
}

/** A wrapper after whose prompt the model can do nothing but call a function. */
export function callingWrapper(wrapper: LlamaChatWrapper): LlamaChatWrapper {
  const engaged = { initiallyEngaged: true, disengageInitiallyEngaged: [] };
  const own: LlamaChatWrapper = {
    settings: { ...wrapper.settings, segments: {} },
    generateContextState: (options) => ({
      ...wrapper.generateContextState(options),
      functionCall: engaged,
      prefixTriggers: undefined,
      noPrefixTrigger: undefined,
      rerender: undefined,
    }),
  };
  return Object.assign(Object.create(wrapper) as LlamaChatWrapper, own);
}
