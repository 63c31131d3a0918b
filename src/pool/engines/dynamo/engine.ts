import type { AdaptAsk, MemberChange, Telemetry } from '../../../contract/index.ts';
import { NO_TELEMETRY } from '../../../contract/index.ts';
import { objectIn, openAiFace, responsesProbes } from '../openai-face.ts';
import { createReader } from '../series.ts';
import { VLLM_SERIES } from '../vllm/telemetry.ts';

/** What the frontend counts; its gauges lost their `_total` between versions. */
const readFrontend = createReader(
  [
    [
      'runningRequests',
      ['dynamo_frontend_inflight_requests', 'dynamo_frontend_inflight_requests_total'],
    ],
    [
      'waitingRequests',
      ['dynamo_frontend_queued_requests', 'dynamo_frontend_queued_requests_total'],
    ],
    ['promptTokensTotal', ['dynamo_frontend_input_sequence_tokens_sum']],
    ['generationTokensTotal', ['dynamo_frontend_output_sequence_tokens_sum']],
  ],
  'model',
);
const readWorkers = createReader(VLLM_SERIES);

/** The frontend's metrics, or those of a worker's system port, which passes vLLM's through. */
export function readDynamoTelemetry(text: string, upstreamName: string): Telemetry {
  const frontend = readFrontend(text, upstreamName);
  const workers = readWorkers(text, upstreamName);
  const all = { ...NO_TELEMETRY };
  for (const key of Object.keys(all) as (keyof Telemetry)[]) {
    Object.assign(all, { [key]: workers[key] ?? frontend[key] });
  }
  return all;
}

/** `nvext`: the expected length for its planner, and the worker where the instance is pinned to one. */
function adapt({ instance, surface, outputTokens, field }: AdaptAsk): readonly MemberChange[] {
  if (surface === 'embeddings') return [];
  const given = objectIn(field('nvext') ?? '{}') ?? {};
  const changes: MemberChange[] = [];
  const workerId = instance.options?.['workerId'];
  if (workerId !== undefined && given['backend_instance_id'] === undefined) {
    changes.push({ path: ['nvext', 'backend_instance_id'], value: workerId });
  }
  const hints = given['agent_hints'] as { osl?: unknown } | undefined;
  if (outputTokens !== null && instance.options?.['hints'] === true && hints?.osl === undefined) {
    changes.push({ path: ['nvext', 'agent_hints', 'osl'], value: Math.ceil(outputTokens) });
  }
  return changes;
}

export const dynamo = openAiFace(
  { kind: 'dynamo' },
  {
    probe: { healthPath: '/health', telemetryPath: '/metrics' },
    readTelemetry: readDynamoTelemetry,
    publishesKvEvents: true,
    options: [
      {
        name: 'workerId',
        kind: 'number',
        description:
          'The worker behind the frontend that this instance is (`nvext.backend_instance_id`).',
      },
      {
        name: 'hints',
        kind: 'boolean',
        description:
          'Whether its planner is told the expected length of answers (`nvext.agent_hints.osl`).',
      },
    ],
    adapt,
    featureProbes: () => responsesProbes('/v1/responses'),
    unfitness: unfitnessOfDynamo,
  },
);

/** A frontend is healthy with no worker behind it; then it lists no instance. */
function unfitnessOfDynamo(text: string): string | null {
  const health = objectIn(text);
  const instances = health?.['instances'];
  return Array.isArray(instances) && instances.length === 0 ? 'its frontend has no worker' : null;
}
