import { openAiFace } from '../openai-face.ts';

/** DeepSeek: what was cached stands in `prompt_cache_hit_tokens`, thinking in `reasoning_content`. */
export const deepseek = openAiFace(
  { kind: 'deepseek', prefix: '', lacks: ['responses', 'completions', 'embeddings'] },
  { defaultUrl: 'https://api.deepseek.com' },
);
