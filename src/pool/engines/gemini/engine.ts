import { openAiFace } from '../openai-face.ts';

/** Gemini through its face for OpenAI's clients, which has no `/v1`. */
export const gemini = openAiFace(
  { kind: 'gemini', prefix: '', lacks: ['responses', 'completions'] },
  { defaultUrl: 'https://generativelanguage.googleapis.com/v1beta/openai' },
);
