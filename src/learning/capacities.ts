/** Ceilings of the belief tables, in entries: tenants and instances come and go, memory does not grow. */
export const CAPACITIES = {
  instances: 1024,
  outputTokens: 1024,
  answerLengths: 1024,
  bytesPerToken: 4096,
  accuracy: 8192,
  models: 1024,
  confidence: 4096,
  judges: 256,
  /** Some kilobytes each. */
  contexts: 256,
} as const;
