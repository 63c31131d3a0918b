import type { InstanceId, ModelId } from '../kernel/index.ts';
import type {
  AccuracyRecord,
  Beliefs,
  ConfidenceRecord,
  ContextRecord,
  Demand,
  DriftRecord,
  FittedLine,
  InstanceTiming,
  LengthHistogram,
  Reputation,
  RunningEstimate,
} from '../contract/index.ts';
import {
  isConfidenceRecord,
  isLineOfFirstToken,
  isLineOfToken,
  LENGTH_BINS,
} from '../estimate/index.ts';
import { CAPACITIES } from './capacities.ts';
import { readAccuracy, readDrift } from './accuracy-document.ts';
import { readContext } from './context-document.ts';

const VERSION = 2;

/** Beliefs as one JSON document, for the store. */
export function beliefsToJson(beliefs: Beliefs): string {
  return JSON.stringify({
    version: VERSION,
    generation: beliefs.generation,
    timing: [...beliefs.timing],
    reputation: [...beliefs.reputation],
    outputTokens: [...beliefs.outputTokens],
    answerLengths: [...beliefs.answerLengths],
    bytesPerToken: [...beliefs.bytesPerToken],
    accuracy: [...beliefs.accuracy],
    drift: [...beliefs.drift],
    confidence: [...beliefs.confidence],
    judges: [...beliefs.judges],
    contexts: [...beliefs.contexts],
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
  const served = readServed(document);
  const judged = readJudged(document);
  if (!isCount(generation) || served === null || judged === null) return null;
  return { generation, ...served, ...judged };
}

type Tables = Omit<Beliefs, 'generation'>;
type Judged = 'accuracy' | 'drift' | 'judges' | 'contexts' | 'confidence';
type Members = Readonly<Record<string, unknown>>;

/** What outcomes taught. */
function readServed(document: Members): Omit<Tables, Judged> | null {
  const { instances } = CAPACITIES;
  const timing = readMap<InstanceId, InstanceTiming>(document['timing'], instances, readTiming);
  const reputation = readMap<InstanceId, Reputation>(
    document['reputation'],
    instances,
    readReputation,
  );
  const outputTokens = readMap<string, RunningEstimate>(
    document['outputTokens'],
    CAPACITIES.outputTokens,
    readEstimate,
  );
  const answerLengths = readMap<string, LengthHistogram>(
    document['answerLengths'] ?? [],
    CAPACITIES.answerLengths,
    readHistogram,
  );
  const bytesPerToken = readMap<string, RunningEstimate>(
    document['bytesPerToken'],
    CAPACITIES.bytesPerToken,
    readEstimate,
  );
  if (!timing || !reputation || !outputTokens || !answerLengths || !bytesPerToken) return null;
  return { timing, reputation, outputTokens, answerLengths, bytesPerToken };
}

/** What verdicts taught. */
function readJudged(document: Members): Pick<Tables, Judged> | null {
  const accuracy = readMap<string, AccuracyRecord>(
    document['accuracy'] ?? [],
    CAPACITIES.accuracy,
    readAccuracy,
  );
  const drift = readMap<ModelId, DriftRecord>(
    document['drift'] ?? [],
    CAPACITIES.models,
    readDrift,
  );
  const judges = readMap<string, AccuracyRecord>(
    document['judges'] ?? [],
    CAPACITIES.judges,
    readAccuracy,
  );
  const contexts = readMap<ModelId, ContextRecord>(
    document['contexts'] ?? [],
    CAPACITIES.contexts,
    readContext,
  );
  const confidence = readMap<string, ConfidenceRecord>(
    document['confidence'] ?? [],
    CAPACITIES.confidence,
    readConfidence,
  );
  if (!accuracy || !drift || !judges || !contexts || !confidence) return null;
  return { accuracy, drift, judges, contexts, confidence };
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

function readConfidence(value: unknown): ConfidenceRecord | null {
  if (!isRecord(value)) return null;
  const record = value as unknown as ConfidenceRecord;
  return isConfidenceRecord(record) ? record : null;
}

function readEstimate(value: unknown): RunningEstimate | null {
  if (!isRecord(value)) return null;
  const { mean, variance, weight } = value;
  if (!isFiniteNumber(mean) || !isAtLeast(variance, 0) || !isAtLeast(weight, 0)) return null;
  return { mean, variance, weight };
}

function readHistogram(value: unknown): LengthHistogram | null {
  if (!Array.isArray(value) || value.length > LENGTH_BINS) return null;
  if (!value.every((weight) => isAtLeast(weight, 0))) return null;
  return value;
}

function readTiming(value: unknown): InstanceTiming | null {
  if (!isRecord(value)) return null;
  const ttftMs = optional(value['ttftMs'], (line) => readLine(line, isLineOfFirstToken));
  const perTokenMs = optional(value['perTokenMs'], (line) => readLine(line, isLineOfToken));
  const cachedRatio = optional(value['cachedRatio'], readEstimate);
  if (ttftMs === undefined || perTokenMs === undefined || cachedRatio === undefined) return null;
  const demand = optional(value['demand'] ?? null, readDemand);
  if (demand === undefined) return null;
  return { ttftMs, perTokenMs, cachedRatio, ...(demand !== null && { demand }) };
}

function readDemand(value: unknown): Demand | null {
  if (!isRecord(value)) return null;
  const { requests, tokens, sinceMs, atMs } = value;
  if (!isAtLeast(requests, 0) || !isAtLeast(tokens, 0)) return null;
  if (!isFiniteNumber(sinceMs) || !isFiniteNumber(atMs)) return null;
  return { requests, tokens, sinceMs, atMs };
}

function readLine(value: unknown, fits: (line: FittedLine) => boolean): FittedLine | null {
  if (!isRecord(value)) return null;
  const { coefficients, covariance, spread, tail, drift, weight } = value;
  if (!Array.isArray(coefficients) || !coefficients.every((each) => isAtLeast(each, 0)))
    return null;
  if (!Array.isArray(covariance) || !covariance.every(isFiniteNumber)) return null;
  if (!isAtLeast(spread, 0) || !isAtLeast(tail, 0) || !isAtLeast(weight, 0)) return null;
  if (!isFiniteNumber(drift)) return null;
  const line: FittedLine = { coefficients, covariance, spread, tail, drift, weight };
  return fits(line) ? line : null;
}

/** Undefined where it is unsound. */
function optional<T>(value: unknown, read: (value: unknown) => T | null): T | null | undefined {
  return value === null ? null : (read(value) ?? undefined);
}

function readReputation(value: unknown): Reputation | null {
  if (!isRecord(value)) return null;
  const { latencyRatio, failureRatio, observations, atMs } = value;
  const { energyRatio = 1, missRatio = 0 } = value;
  if (!isAtLeast(latencyRatio, 1) || !isAtLeast(failureRatio, 0) || failureRatio > 1) return null;
  if (!isCount(observations) || !isFiniteNumber(atMs)) return null;
  if (!isAtLeast(energyRatio, 1) || !isAtLeast(missRatio, 0) || missRatio > 1) return null;
  const isQuoting = energyRatio > 1 || missRatio > 0;
  return {
    latencyRatio,
    failureRatio,
    observations,
    atMs,
    ...(isQuoting && { energyRatio, missRatio }),
  };
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
