/**
 * Signals that are understood from a request's text by models. They are created over an
 * `Understanding`, which loads a model when a policy first compiles a condition that needs it.
 */
import type { Signal, Understanding } from '../../contract/index.ts';
import { createClassSignal } from './class-signal.ts';
import { createFeedbackSignal } from './feedback-signal.ts';
import { createIntentSignal } from './intent-signal.ts';
import { createJailbreakSignal } from './jailbreak-signal.ts';
import { createOutputLengthSignal } from './output-length-signal.ts';
import { createPiiSignal } from './pii-signal.ts';
import { createProbabilitySignal } from './probability-signal.ts';
import { createReaskSignal } from './reask-signal.ts';
import { requestTextsOf } from './request-texts.ts';
import { createSimilaritySignal } from './similarity-signal.ts';
import { createToolRelevanceSignal } from './tool-relevance-signal.ts';

export { deepGistOf, gistOf, requestTextsOf } from './request-texts.ts';

export function createUnderstandingSignals(understanding: Understanding): readonly Signal[] {
  const texts = requestTextsOf(understanding);
  const gist = { fastText: texts.gist, deepText: texts.deepGist };
  return [
    createClassSignal(
      {
        ...gist,
        kind: 'domain',
        task: 'domain',
        description: 'The subject of the last user text: one of the 14 classes of MMLU-Pro.',
      },
      understanding,
    ),
    createProbabilitySignal(
      {
        ...gist,
        kind: 'complexity',
        task: 'complexity',
        description: 'The chance that a small model fails.',
      },
      understanding,
    ),
    createProbabilitySignal(
      {
        ...gist,
        kind: 'reasoning',
        task: 'reasoning',
        description: 'The chance that thinking before answering pays.',
      },
      understanding,
    ),
    createProbabilitySignal(
      {
        ...gist,
        kind: 'factCheck',
        task: 'fact-check',
        description: 'The chance that the answer states facts that can be wrong.',
      },
      understanding,
    ),
    createOutputLengthSignal(texts, understanding),
    createFeedbackSignal(texts, understanding),
    createJailbreakSignal(texts, understanding),
    createPiiSignal(texts, understanding),
    createIntentSignal(texts, understanding),
    createSimilaritySignal(texts, understanding),
    createReaskSignal(texts, understanding),
    createToolRelevanceSignal(texts, understanding),
  ];
}
