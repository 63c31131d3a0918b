import type { Engine } from '../../../contract/index.ts';
import { responsesProbes } from '../openai-face.ts';
import { createReader } from '../series.ts';
import { vllm } from '../vllm/engine.ts';
import { VLLM_SERIES } from '../vllm/telemetry.ts';

/** The simulated engine adds the power that it draws. */
export const readSimulatedTelemetry = createReader([
  ...VLLM_SERIES,
  ['powerWatts', ['bourse_sim:power_watts']],
]);

/** The simulated fleet: vLLM's protocol, and the power it draws. */
export const simulated: Engine = {
  ...vllm,
  kind: 'simulated',
  readTelemetry: readSimulatedTelemetry,
  featureProbes: () => responsesProbes('/v1/responses'),
};
