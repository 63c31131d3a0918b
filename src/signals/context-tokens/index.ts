import type { Signal, SignalSlot } from '../../contract/index.ts';
import { countOf, passes } from '../claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from '../comparison.ts';

/** Bytes of prompt per token, on the average of English text and code. */
const BYTES_PER_TOKEN = 4;

const SLOT: SignalSlot = {
  key: 'contextTokens',
  kind: 'contextTokens',
  cost: 'free',
  read: (workload) => ({
    value: Math.ceil(workload.promptBytes / BYTES_PER_TOKEN),
    confidence: 1,
  }),
};

/** `contextTokens: { atLeast: 8000 }`: the prompt's estimated tokens, messages and tools included. */
export const contextTokensSignal: Signal = {
  apiVersion: 1,
  kind: 'contextTokens',
  definitionSchema: null,
  conditionSchema: {
    description: 'Estimated tokens of the whole prompt, tools included: its bytes over 4.',
    ...COMPARISON_SCHEMA,
  },
  compile(condition) {
    const comparison = compileComparison(condition);
    return {
      slot: SLOT,
      test: (reading) => comparison.test(reading.value as number),
      text: `contextTokens ${comparison.text}`,
      claim: passes(countOf('contextTokens'), comparison),
    };
  },
};
