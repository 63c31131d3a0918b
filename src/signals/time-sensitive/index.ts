import { ConfigIssue } from '../../contract/index.ts';
import type { Signal, SignalSlot } from '../../contract/index.ts';
import { isTimeSensitive } from '../../text/index.ts';
import { holds, not } from '../claims.ts';

const SLOT: SignalSlot = {
  key: 'timeSensitive',
  kind: 'timeSensitive',
  cost: 'scan',
  readsLastTurnOnly: true,
  read: (workload) => ({ value: isTimeSensitive(workload.lastUserText()), confidence: 1 }),
};

/** `timeSensitive: true`: the words of the last user text tie its answer to the moment, or to the asker's own affairs. */
export const timeSensitiveSignal: Signal = {
  apiVersion: 1,
  kind: 'timeSensitive',
  definitionSchema: null,
  conditionSchema: {
    description:
      'Whether the words of the last user text tie its answer to when, or about whose affairs, it is asked: today, latest, my order.',
    type: 'boolean',
  },
  compile(condition) {
    if (typeof condition !== 'boolean') throw new ConfigIssue('must be true or false');
    const claim = holds('timeSensitive');
    return {
      slot: SLOT,
      test: (reading) => reading.value === condition,
      text: condition ? 'timeSensitive' : 'not timeSensitive',
      claim: condition ? claim : not(claim),
    };
  },
};
