import type { Instance } from '../../../contract/index.ts';
import { jsonProbe, objectIn, openAiFace, versionOf } from '../openai-face.ts';
import { ollamaDialect } from './dialect.ts';

/** Why the instance's model cannot be served: it is not among those that were pulled. */
function unfitness(text: string, { model }: Instance): string | null {
  const models = objectIn(text)?.['models'];
  if (!Array.isArray(models)) return null;
  const wanted = model.upstreamName.includes(':')
    ? model.upstreamName
    : `${model.upstreamName}:latest`;
  const isThere = (models as readonly unknown[]).some((entry) => {
    const { name, model: id } = (entry ?? {}) as { name?: unknown; model?: unknown };
    return name === wanted || id === wanted;
  });
  return isThere ? null : 'the model is not on this server: pull it';
}

/**
 * Ollama: chat in its native form, whose last record has the timings; the rest through its face for
 * OpenAI's clients. It tells nothing of its load.
 */
export const ollama = openAiFace(
  { kind: 'ollama', lacks: ['responses'], healthPath: '/api/tags' },
  {
    defaultUrl: 'http://127.0.0.1:11434',
    path: (surface) => {
      if (surface === 'chat') return '/api/chat';
      if (surface === 'responses') return null;
      return surface === 'embeddings' ? '/v1/embeddings' : '/v1/completions';
    },
    dialect: ollamaDialect,
    options: [
      {
        name: 'keepAlive',
        kind: 'text',
        description: 'How long the model stays loaded after a request (`keep_alive`), such as 30m.',
      },
      {
        name: 'contextTokens',
        kind: 'number',
        description: 'The context that the model is loaded with (`num_ctx`).',
      },
    ],
    unfitness,
    featureProbes: () => [
      jsonProbe('/api/version', ({ version }) => ({
        ...versionOf(version),
        reportsCachedTokens: false,
      })),
    ],
  },
);
