import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { failureOf } from '../../kernel/index.ts';
import type { Answered, Asked } from './model-thread.ts';

/** What a thread of models is started with; `role` marks it as a module's own. */
export interface ThreadStart {
  readonly role: string;
}

type Answer = (question: unknown) => unknown;

/**
 * Answers the questions of the thread that started this one, where that was for `role`; elsewhere it
 * does nothing. `open` runs for the first question and, where it failed, for the next one.
 */
export function answerQuestions(role: string, open: (start: ThreadStart) => Promise<Answer>): void {
  const port = parentPort;
  const start = workerData as ThreadStart | null;
  if (isMainThread || port === null || start?.role !== role) return;
  let opening: Promise<Answer> | null = null;
  const answer = async ({ id, question }: Asked): Promise<void> => {
    try {
      opening ??= open(start);
      const respond = await opening.catch((error: unknown) => {
        opening = null;
        throw error;
      });
      const reply = await respond(question);
      port.postMessage({ id, answer: reply } satisfies Answered);
    } catch (error) {
      port.postMessage({ id, failure: failureOf(error) } satisfies Answered);
    }
  };
  port.on('message', (asked: Asked) => void answer(asked));
}
