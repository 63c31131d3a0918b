import { openAiFace } from '../openai-face.ts';

/** Groq: usage comes in the usual place, and in `x_groq` of the first and last chunk besides. */
export const groq = openAiFace(
  { kind: 'groq', lacks: ['completions', 'embeddings'] },
  { defaultUrl: 'https://api.groq.com/openai' },
);
