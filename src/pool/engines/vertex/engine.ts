import { openAiFace } from '../openai-face.ts';

/**
 * Vertex AI through its face for OpenAI's clients. The base is that of a project and place, without
 * `/v1` behind it; the key is an access token, which whoever issues it has to renew.
 */
export const vertex = openAiFace({
  kind: 'vertex',
  prefix: '',
  lacks: ['responses', 'completions', 'embeddings'],
});
