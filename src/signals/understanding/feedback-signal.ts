import type { Reading, Signal, Understanding, Workload } from '../../contract/index.ts';
import { createClassSignal } from './class-signal.ts';
import type { RequestTexts } from './request-texts.ts';

const NO_ANSWER_YET: Reading = { value: { none: 1 }, confidence: 1 };

/** `feedback: wrong`: what the user says of the answer before, where there was one. */
export function createFeedbackSignal(texts: RequestTexts, understanding: Understanding): Signal {
  return createClassSignal(
    {
      kind: 'feedback',
      task: 'feedback',
      description:
        'What the last user text says of the answer before it: satisfied, wrong, clarify, different, or none.',
      fastText: texts.gist,
      deepText: texts.deepGist,
      precondition: (workload) => (hasAnswer(workload) ? null : NO_ANSWER_YET),
    },
    understanding,
  );
}

function hasAnswer(workload: Workload): boolean {
  if (workload.archetype().turns === 'single') return false;
  return workload.messages().some(({ role, text }) => role === 'assistant' && text !== '');
}
