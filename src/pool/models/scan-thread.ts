import { createFastModels } from '../../encoder/index.ts';
import { openModelFiles } from './model-files.ts';
import { answerQuestions } from './thread-answers.ts';
import type { ThreadStart } from './thread-answers.ts';

/** Marks the thread as this module's own. */
const ROLE = 'bourse-scans';

export interface ScanStart extends ThreadStart {
  readonly role: 'bourse-scans';
  readonly folder: string;
}

export type ScanQuestion =
  | { readonly kind: 'classify'; readonly text: string }
  | { readonly kind: 'tag'; readonly text: string };

answerQuestions(ROLE, async (start) => {
  const models = createFastModels(openModelFiles((start as ScanStart).folder));
  return (question) => {
    const { kind, text } = question as ScanQuestion;
    return kind === 'classify' ? models.read(text).classify('attack') : models.pii.tag(text);
  };
});
