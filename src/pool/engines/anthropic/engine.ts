import type { Engine } from '../../../contract/index.ts';
import { NO_TELEMETRY } from '../../../contract/index.ts';
import { anthropicDialect } from './dialect.ts';

const VERSION = '2023-06-01';

/** Anthropic's own API. Chat goes as messages; it has no other surface. */
export const anthropic: Engine = {
  apiVersion: 1,
  kind: 'anthropic',
  defaultUrl: 'https://api.anthropic.com',
  path: (surface) => (surface === 'chat' ? '/v1/messages' : null),
  headers: ({ apiKey, options }) => ({
    'content-type': 'application/json',
    'anthropic-version': String(options?.['version'] ?? VERSION),
    ...(options?.['beta'] !== undefined && { 'anthropic-beta': String(options['beta']) }),
    ...(apiKey !== null && { 'x-api-key': apiKey }),
  }),
  probe: { healthPath: '/v1/models', telemetryPath: null },
  readTelemetry: () => NO_TELEMETRY,
  featureProbes: () => [],
  dialect: anthropicDialect,
  options: [
    {
      name: 'version',
      kind: 'text',
      description: `The \`anthropic-version\`. Defaults to ${VERSION}.`,
    },
    { name: 'beta', kind: 'text', description: 'The `anthropic-beta` of every request.' },
    {
      name: 'cachePrompts',
      kind: 'boolean',
      description:
        'Whether prompts without a mark of their own are marked to be cached at the end of the system prompt and of the conversation.',
    },
  ],
};
