import { openAiFace } from '../openai-face.ts';

/** Any server that speaks OpenAI's API, and OpenAI itself. */
export const openai = openAiFace({ kind: 'openai' }, { defaultUrl: 'https://api.openai.com' });
