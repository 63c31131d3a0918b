import { findRepeatedTurn } from '../../encoder/index.ts';
import type { CompiledCondition, Reading, Signal, Understanding } from '../../contract/index.ts';
import { ConfigIssue } from '../../contract/index.ts';
import { from } from '../claims.ts';
import { COMPARISON_SCHEMA } from '../comparison.ts';
import { NO_TEXT } from './class-reading.ts';
import { compileProbabilityCondition } from './probability-condition.ts';
import type { RequestTexts } from './request-texts.ts';

const WITHIN_DEFAULT = 3;
const WITHIN_MAX = 20;
const NO_EARLIER_TURN: Reading = { value: 0, confidence: 1 };

/** `reask: true`, `reask: { atLeast: 0.8, within: 5 }`: the chance that this user turn repeats an earlier one. */
export function createReaskSignal(texts: RequestTexts, understanding: Understanding): Signal {
  return {
    apiVersion: 1,
    kind: 'reask',
    definitionSchema: null,
    conditionSchema: {
      description:
        'The chance that the last user text asks again what one of the user turns before it asked; ' +
        '`within`: how many of them are looked at, 3 if unset.',
      anyOf: [
        { type: 'boolean' },
        {
          ...COMPARISON_SCHEMA,
          properties: {
            ...(COMPARISON_SCHEMA['properties'] as object),
            within: { type: 'integer', minimum: 1, maximum: WITHIN_MAX },
          },
        },
      ],
    },
    compile(value): CompiledCondition {
      const { comparison, within } = split(value);
      const quantity = `reask.${within}`;
      const scale = { threshold: 0.5, band: null, quantity, range: from(0, 1) };
      const { test, text, claim } = compileProbabilityCondition('reask', comparison, scale);
      return {
        slot: {
          key: `reask.${within}`,
          kind: 'reask',
          cost: 'text',
          scale: 'chance',
          warm: () => understanding.fast().encoder.embedOne('warm'),
          read(workload, shared) {
            const turn = shared.share(texts.gist);
            if (turn.tokenCount === 0) return NO_TEXT;
            if (workload.archetype().turns === 'single') return NO_EARLIER_TURN;
            const earlier = workload
              .messages()
              .filter((message) => message.role === 'user' && message.text !== '')
              .slice(-1 - within, -1);
            if (earlier.length === 0) return NO_EARLIER_TURN;
            const { encoder } = understanding.fast();
            const vectors = earlier.map((message) => encoder.embedOne(message.text));
            const { probability } = findRepeatedTurn(turn.embedding(), vectors);
            return { value: probability, confidence: Math.max(probability, 1 - probability) };
          },
        },
        test,
        claim,
        text: within === WITHIN_DEFAULT ? text : `${text} within ${within} turns`,
      };
    },
  };
}

function split(value: unknown): { readonly comparison: unknown; readonly within: number } {
  if (typeof value !== 'object' || value === null || !('within' in value)) {
    return { comparison: value, within: WITHIN_DEFAULT };
  }
  const { within, ...bounds } = value as Readonly<Record<string, unknown>>;
  if (!Number.isInteger(within) || !((within as number) >= 1 && (within as number) <= WITHIN_MAX)) {
    throw new ConfigIssue(`must be a whole number from 1 to ${WITHIN_MAX}`, ['within']);
  }
  const comparison = Object.keys(bounds).length === 0 ? true : bounds;
  return { comparison, within: within as number };
}
