import { expect, test } from 'vitest';
import { createSystemClock } from '../../kernel/index.ts';
import { ModelThread } from './model-thread.ts';

/** Answers with its own number of questions; `die` ends it. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    let count = 0;
    parentPort.on('message', ({ id, question }) => {
      if (question === 'die') process.exit(3);
      if (question === 'throw') throw new Error('secret');
      parentPort.postMessage({ id, answer: ++count });
    });
  `)}`,
);

const open = (): ModelThread =>
  new ModelThread({
    entry: ENTRY,
    workerData: null,
    queueMax: 10,
    deadlineMs: 20_000,
    clock: createSystemClock(),
  });

test.each(['die', 'throw'])(
  'a thread that dies (%s) fails who waits, and starts again',
  async (how) => {
    const thread = open();
    expect([await thread.ask('x'), await thread.ask('x')]).toEqual([1, 2]);
    const lost = await Promise.allSettled([thread.ask(how), thread.ask('x')]);
    for (const { status, reason } of lost as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toMatchObject({ code: 'BRS_INTERNAL' });
      expect(String(reason)).not.toContain('secret');
    }
    expect(await thread.ask('x')).toBe(1);
    await thread.close();
  },
);
