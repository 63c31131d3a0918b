import { jsonProbe, openAiFace, responsesProbes, versionOf } from '../openai-face.ts';
import { readVllmTelemetry } from './telemetry.ts';

export const vllm = openAiFace(
  { kind: 'vllm', healthPath: '/health' },
  {
    probe: { healthPath: '/health', telemetryPath: '/metrics' },
    readTelemetry: readVllmTelemetry,
    continuesChat: true,
    saltsPrefixes: true,
    publishesKvEvents: true,
    featureProbes: () => [
      ...responsesProbes('/v1/responses'),
      jsonProbe('/version', ({ version }) => versionOf(version)),
    ],
  },
);
