import { openAiFace } from '../openai-face.ts';

/** OpenRouter: `usage.cost` is what it charges, in USD. It keeps streams alive with comments. */
export const openrouter = openAiFace(
  { kind: 'openrouter', lacks: ['embeddings'] },
  { defaultUrl: 'https://openrouter.ai/api' },
);
