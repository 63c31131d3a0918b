import type { Engine, Instance, Surface } from '../../../contract/index.ts';
import { keyHeaders, openAiFace, responsesProbes } from '../openai-face.ts';

const PATHS: Readonly<Record<Surface, string>> = {
  chat: 'chat/completions',
  completions: 'completions',
  embeddings: 'embeddings',
  responses: 'responses',
};

/** A base that ends with `/openai` is that of the v1 API, whose paths are OpenAI's own. */
const isV1 = ({ url }: Instance): boolean => url.endsWith('/openai');

const path: Engine['path'] = (surface, features, instance) => {
  if (surface === 'responses' && !features.hasResponses) return null;
  if (isV1(instance)) return `/v1/${PATHS[surface]}`;
  if (surface === 'responses') return null;
  const version = encodeURIComponent(String(instance.options?.['apiVersion'] ?? '2024-10-21'));
  const deployment = encodeURIComponent(instance.model.upstreamName);
  return `/openai/deployments/${deployment}/${PATHS[surface]}?api-version=${version}`;
};

/**
 * Azure OpenAI. The model's upstream name is that of the deployment. A resource has no path that tells
 * its health without a version, so a server that answers at all is taken as alive.
 */
export const azure = openAiFace(
  { kind: 'azure' },
  {
    path,
    headers: keyHeaders('api-key'),
    probe: { healthPath: '/', telemetryPath: null },
    options: [
      {
        name: 'apiVersion',
        kind: 'text',
        description: 'The `api-version` of paths by deployment. Defaults to 2024-10-21.',
      },
    ],
    featureProbes: (instance) =>
      responsesProbes(path('responses', { hasResponses: true }, instance)),
  },
);
