import type { InstanceId } from '../kernel/index.ts';
import type { Beliefs, InstanceTiming, Reputation, RunningEstimate } from '../contract/index.ts';
import { CAPACITIES } from './capacities.ts';

const VERSION = 1;

/** Beliefs as one JSON document, for the store. */
export function beliefsToJson(beliefs: Beliefs): string {
  return JSON.stringify({
    version: VERSION,
    generation: beliefs.generation,
    timing: [...beliefs.timing],
    reputation: [...beliefs.reputation],
    outputTokens: [...beliefs.outputTokens],
    bytesPerToken: [...beliefs.bytesPerToken],
  });
}

/** Null for a document that is not whole, not sound or of another version: learning then starts anew. */
export function beliefsFromJson(json: string): Beliefs | null {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return null;
  }
  if (!isRecord(document) || document['version'] !== VERSION) return null;
  const { generation } = document;
  const timing = readMap<InstanceId, InstanceTiming>(
    document['timing'],
    CAPACITIES.instances,
    readTiming,
  );
  const reputation = readMap<InstanceId, Reputation>(
    document['reputation'],
    CAPACITIES.instances,
    readReputation,
  );
  const outputTokens = readMap<string, RunningEstimate>(
    document['outputTokens'],
    CAPACITIES.outputTokens,
    readEstimate,
  );
  const bytesPerToken = readMap<string, RunningEstimate>(
    document['bytesPerToken'],
    CAPACITIES.bytesPerToken,
    readEstimate,
  );
  if (!isCount(generation) || !timing || !reputation || !outputTokens || !bytesPerToken)
    return null;
  return {
    generation,
    timing,
    reputation,
    outputTokens,
    bytesPerToken,
  };
}

/** Null where it is not a list of pairs, or where one value is unsound. */
function readMap<K extends string, V>(
  value: unknown,
  capacity: number,
  read: (value: unknown) => V | null,
): Map<K, V> | null {
  if (!Array.isArray(value) || value.length > capacity) return null;
  const map = new Map<K, V>();
  for (const pair of value as readonly unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return null;
    const entry = read(pair[1]);
    if (entry === null) return null;
    map.set(pair[0] as K, entry);
  }
  return map;
}

function readEstimate(value: unknown): RunningEstimate | null {
  if (!isRecord(value)) return null;
  const { mean, variance, weight } = value;
  if (!isFiniteNumber(mean) || !isAtLeast(variance, 0) || !isAtLeast(weight, 0)) return null;
  return { mean, variance, weight };
}

function readTiming(value: unknown): InstanceTiming | null {
  if (!isRecord(value)) return null;
  const ttftBaseMs = readOptional(value['ttftBaseMs']);
  const prefillTokensPerSecond = readOptional(value['prefillTokensPerSecond']);
  const perTokenMs = readOptional(value['perTokenMs']);
  const cachedRatio = readOptional(value['cachedRatio']);
  if (
    ttftBaseMs === undefined ||
    prefillTokensPerSecond === undefined ||
    perTokenMs === undefined ||
    cachedRatio === undefined
  ) {
    return null;
  }
  return { ttftBaseMs, prefillTokensPerSecond, perTokenMs, cachedRatio };
}

/** Undefined where it is unsound. */
function readOptional(value: unknown): RunningEstimate | null | undefined {
  return value === null ? null : (readEstimate(value) ?? undefined);
}

function readReputation(value: unknown): Reputation | null {
  if (!isRecord(value)) return null;
  const { latencyRatio, failureRatio, observations, atMs } = value;
  if (!isAtLeast(latencyRatio, 1) || !isAtLeast(failureRatio, 0) || failureRatio > 1) return null;
  if (!isCount(observations) || !isFiniteNumber(atMs)) return null;
  return { latencyRatio, failureRatio, observations, atMs };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isAtLeast(value: unknown, least: number): value is number {
  return isFiniteNumber(value) && value >= least;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
