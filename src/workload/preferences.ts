import { parseField, wrongType } from '../wire/index.ts';
import { fault } from '../kernel/index.ts';
import { virtualModel } from '../contract/index.ts';
import type { Limits, Objective, RequestBody, RequestPreferences } from '../contract/index.ts';

const MODE = /^[A-Za-z0-9][\w.-]{0,63}$/;
const MODE_EXPECTED = 'the name of a mode: up to 64 letters, digits, "-", "_" or "."';
const DEFAULT_QUANTILE = 0.9;

const MEMBERS = ['mode', 'weights', 'limits'] as const;
const WEIGHTS = ['usdPerError', 'usdPerSecond', 'usdPerKilojoule'] as const;
const LIMITS = [
  'maxCostUsd',
  'maxTtftMs',
  'maxLatencyMs',
  'minAccuracy',
  'maxEnergyJoules',
  'quantile',
] as const;

type Json = Readonly<Record<string, unknown>>;

const NO_PREFERENCES: RequestPreferences = { mode: null, weights: null, limits: null };

/**
 * What the request itself prefers: the body's `bourse` member, else the header `x-bourse-mode`, else
 * the model name `auto:MODE` (the name of a recipe stands there, too: the policy tells them apart). Strict: an unknown key is an error that names it.
 */
export function readPreferences(
  body: RequestBody,
  header: string | undefined,
  model: string,
): RequestPreferences {
  const outerMode = modeAround(header, model);
  if (!body.fields.has('bourse')) {
    return outerMode === null ? NO_PREFERENCES : { mode: outerMode, weights: null, limits: null };
  }
  const stated = parseField(body, 'bourse');
  if (stated === null) return { mode: outerMode, weights: null, limits: null };
  const members = strictObject(stated, 'bourse', MEMBERS);
  return {
    mode: readMode(members['mode'], 'bourse.mode') ?? outerMode,
    weights: readWeights(members['weights']),
    limits: readLimits(members['limits']),
  };
}

function modeAround(header: string | undefined, model: string): string | null {
  const stated = header?.trim();
  if (stated !== undefined && stated !== '') return readMode(stated, 'x-bourse-mode');
  if (model === 'auto') return null;
  const asked = virtualModel(model);
  return asked === null || (asked === '' && !model.endsWith(':')) ? null : readMode(asked, 'model');
}

function readMode(value: unknown, place: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !MODE.test(value)) {
    throw wrongType(place, place === 'model' ? `"auto:" and ${MODE_EXPECTED}` : MODE_EXPECTED);
  }
  return value;
}

function readWeights(value: unknown): Partial<Objective> | null {
  if (value === undefined || value === null) return null;
  const stated = strictObject(value, 'bourse.weights', WEIGHTS);
  const weights: { -readonly [K in keyof Objective]?: Objective[K] } = {};
  for (const key of WEIGHTS) {
    const weight = readAmount(stated, key, 'bourse.weights');
    if (weight !== null) weights[key] = weight;
  }
  return weights;
}

function readLimits(value: unknown): Limits | null {
  if (value === undefined || value === null) return null;
  const place = 'bourse.limits';
  const stated = strictObject(value, place, LIMITS);
  const minAccuracy = readAmount(stated, 'minAccuracy', place);
  if (minAccuracy !== null && minAccuracy > 1) {
    throw wrongType(`${place}.minAccuracy`, 'a number from 0 to 1');
  }
  const quantile = readAmount(stated, 'quantile', place) ?? DEFAULT_QUANTILE;
  if (quantile <= 0 || quantile >= 1) {
    throw wrongType(`${place}.quantile`, 'a number above 0 and below 1');
  }
  return {
    maxCostUsd: readAmount(stated, 'maxCostUsd', place),
    maxTtftMs: readAmount(stated, 'maxTtftMs', place),
    maxLatencyMs: readAmount(stated, 'maxLatencyMs', place),
    minAccuracy,
    maxEnergyJoules: readAmount(stated, 'maxEnergyJoules', place),
    quantile,
  };
}

/** A finite number ≥ 0; null where it is missing or null. */
function readAmount(stated: Json, key: string, place: string): number | null {
  const value = stated[key];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw wrongType(`${place}.${key}`, 'a number that is not negative');
  }
  return value;
}

function strictObject(value: unknown, place: string, known: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(place, `an object with ${known.join(', ')}`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const field = `${place}.${key.slice(0, 64)}`;
    throw fault(
      'BRS_FIELD_UNSUPPORTED',
      { field, remedy: `known are ${known.join(', ')}` },
      { param: field },
    );
  }
  return value as Json;
}
