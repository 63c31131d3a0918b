import type { Plugin } from '../../src/index.ts';

/** A signal of one's own: whether the last user turn is written in capitals. */
export const bourse: Plugin = {
  apiVersion: 1,
  name: 'shouting',
  signals: [
    {
      apiVersion: 1,
      kind: 'shouting',
      definitionSchema: null,
      conditionSchema: { type: 'boolean' },
      compile: (condition) => ({
        text: `shouting: ${String(condition)}`,
        slot: {
          key: 'shouting',
          kind: 'shouting',
          cost: 'text',
          read: (workload) => {
            const text = workload.lastUserText();
            return { value: text !== '' && text === text.toUpperCase(), confidence: 1 };
          },
        },
        test: (reading) => (reading.value === null ? null : reading.value === condition),
      }),
    },
  ],
};
