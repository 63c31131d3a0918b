import type { Signal, SignalSlot, Understanding } from '../../contract/index.ts';
import { normalCdf } from '../../estimate/index.ts';
import { countOf, passes } from '../claims.ts';
import { COMPARISON_SCHEMA, compileComparison } from '../comparison.ts';
import { NO_TEXT } from './class-reading.ts';
import type { RequestTexts } from './request-texts.ts';

/**
 * `outputLength: { atLeast: 500 }`: the expected tokens of the answer. The length is log-normal, so its
 * mean is e^(μ + σ²/2); the confidence is the chance that the true length is within a factor of two.
 */
export function createOutputLengthSignal(
  texts: RequestTexts,
  understanding: Understanding,
): Signal {
  const slot: SignalSlot = {
    key: 'outputLength',
    kind: 'outputLength',
    cost: 'text',
    readsLastTurnOnly: true,
    warm: () => understanding.fast().read('warm').outputLength(),
    read(_workload, shared) {
      const text = shared.share(texts.gist);
      if (text.tokenCount === 0) return NO_TEXT;
      const { logMean, logDeviation } = text.outputLength();
      return {
        value: Math.round(Math.exp(logMean + logDeviation ** 2 / 2)),
        confidence: 2 * normalCdf(Math.LN2 / logDeviation) - 1,
      };
    },
  };
  return {
    apiVersion: 1,
    kind: 'outputLength',
    definitionSchema: null,
    conditionSchema: {
      description: 'Expected tokens of the answer.',
      ...COMPARISON_SCHEMA,
    },
    valueSlot: () => slot,
    compile(value) {
      const comparison = compileComparison(value);
      return {
        slot,
        test: (reading) => comparison.test(reading.value as number),
        text: `outputLength ${comparison.text}`,
        claim: passes(countOf('outputLength'), comparison),
      };
    },
  };
}
