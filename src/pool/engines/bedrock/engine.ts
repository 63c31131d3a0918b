import { openAiFace } from '../openai-face.ts';

/**
 * Amazon Bedrock through its face for OpenAI's clients, with a Bedrock API key as the bearer. Its base
 * names the region, so there is no default. It has no list of models: a server that answers is alive.
 */
export const bedrock = openAiFace({ kind: 'bedrock', lacks: ['completions', 'embeddings'] });
