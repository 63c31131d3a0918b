import type { Reading, Signal, SignalSlot, Workload } from '../../contract/index.ts';
import { compileRecordCondition, recordConditionSchema } from '../record-condition.ts';
import type { RecordMembers } from '../record-condition.ts';

const MEMBERS = {
  turns: { holds: 'number', description: "The user's messages." },
  messages: { holds: 'number', description: 'Messages of every role.' },
  systemMessages: { holds: 'number', description: 'Messages of the roles system and developer.' },
  assistantMessages: { holds: 'number', description: 'Messages of the role assistant.' },
  toolMessages: { holds: 'number', description: 'Messages of the roles tool and function.' },
  toolCount: { holds: 'number', description: 'Tools that the request defines.' },
  toolLoop: { holds: 'boolean', description: "Whether a tool's result is being answered." },
  images: {
    holds: 'boolean',
    description: 'Whether any message carries an image.',
    quantity: 'modality image',
  },
} as const satisfies RecordMembers;

type Member = keyof typeof MEMBERS;

/** `conversation: { turns: { atLeast: 3 }, toolLoop: true }`: computes only the members that it names. */
export const conversationSignal: Signal = {
  apiVersion: 1,
  kind: 'conversation',
  definitionSchema: null,
  conditionSchema: {
    description: 'The shape of the conversation; all members given must hold.',
    ...recordConditionSchema(MEMBERS),
  },
  compile(condition) {
    const { names, ...rest } = compileRecordCondition('conversation', condition, MEMBERS);
    return { slot: slotOf(names as readonly Member[]), ...rest };
  },
};

function slotOf(names: readonly Member[]): SignalSlot {
  return {
    key: `conversation: ${names.join(', ')}`,
    kind: 'conversation',
    cost: 'scan',
    read: (workload) => read(workload, names),
  };
}

function read(workload: Workload, names: readonly Member[]): Reading {
  const value: Record<string, number | boolean> = {};
  for (const name of names) value[name] = READERS[name](workload);
  return { value, confidence: 1 };
}

const READERS: Readonly<Record<Member, (workload: Workload) => number | boolean>> = {
  turns: (workload) => count(workload, 'user'),
  messages: (workload) => workload.messages().length,
  systemMessages: (workload) => count(workload, 'system') + count(workload, 'developer'),
  assistantMessages: (workload) => count(workload, 'assistant'),
  toolMessages: (workload) => count(workload, 'tool') + count(workload, 'function'),
  toolCount: (workload) => workload.toolCount(),
  toolLoop: (workload) => workload.isInToolLoop(),
  images: (workload) => workload.modality().image,
};

function count(workload: Workload, role: string): number {
  let found = 0;
  for (const message of workload.messages()) if (message.role === role) found++;
  return found;
}
