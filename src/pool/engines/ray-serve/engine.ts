import { openAiFace, responsesProbes } from '../openai-face.ts';
import { createReader } from '../series.ts';
import { VLLM_SERIES } from '../vllm/telemetry.ts';

/** Ray writes `ray_` before an engine's series, and in newer versions an underscore for the colon. */
const RAY_SERIES = VLLM_SERIES.map(
  ([quantity, names]) =>
    [
      quantity,
      names.flatMap((name) => [`ray_${name}`, `ray_${name.replace(':', '_')}`, name]),
    ] as const,
);

/**
 * Ray Serve LLM: an ingress before replicas that it chooses itself. The engines' metrics stand on the
 * nodes' own port, not behind the ingress: they are read where `metricsUrl` says where.
 */
export const rayServe = openAiFace(
  { kind: 'ray-serve' },
  {
    probe: { healthPath: '/-/healthz', telemetryPath: '/metrics' },
    readTelemetry: createReader(RAY_SERIES),
    saltsPrefixes: true,
    featureProbes: () => responsesProbes('/v1/responses'),
  },
);
