import type { Model } from '../../src/contract/index.ts';

/** A family of models, and how much unlimited thinking adds to it. */
export interface Family {
  readonly name: string;
  readonly model: Pick<Model, 'reasoning' | 'reasoningOptions'>;
}

const budgetTokens = { low: 400, medium: 1500, high: 6000 };

/** One for each way in which effort is told; the first is the one that the scale is chosen on. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'three efforts and off (openai, leastEffort: none)',
    model: {
      reasoning: 'openai',
      reasoningOptions: { leastEffort: 'none', budgetTokens: null },
    },
  },
  {
    name: 'three efforts, never off (gpt-oss)',
    model: { reasoning: 'gpt-oss' },
  },
  {
    name: 'switch and budgets of 400, 1500, 6000 (qwen3)',
    model: { reasoning: 'qwen3', reasoningOptions: { leastEffort: null, budgetTokens } },
  },
  { name: 'switch alone (deepseek-v3)', model: { reasoning: 'deepseek-v3' } },
];
