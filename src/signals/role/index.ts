import type { Signal, SignalSlot } from '../../contract/index.ts';
import { anyOf, holds } from '../claims.ts';
import { choiceText, holdsAny, oneOrMany, textsOf } from '../shape.ts';

const SLOT: SignalSlot = {
  key: 'role',
  kind: 'role',
  cost: 'free',
  read: (workload) => ({ value: workload.caller.roles, confidence: 1 }),
};

/** `role: analyst` or a list of which one is enough: the roles of the caller's key, never the client's word. */
export const roleSignal: Signal = {
  apiVersion: 1,
  kind: 'role',
  definitionSchema: null,
  conditionSchema: {
    description: "A role of the caller's key; of a list, one is enough.",
    ...oneOrMany({ type: 'string', minLength: 1 }),
  },
  compile(condition) {
    const wanted = textsOf(condition);
    return {
      slot: SLOT,
      test: (reading) => holdsAny(reading.value as readonly string[], wanted),
      text: choiceText('role', wanted),
      claim: anyOf(wanted.map((role) => holds(`role ${role}`, { listed: role }))),
    };
  },
};
