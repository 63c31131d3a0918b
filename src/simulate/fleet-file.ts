import { parseDocument } from 'yaml';
import { z } from 'zod';
import { fault } from '../kernel/index.ts';
import type { Objective } from '../contract/index.ts';
import { ENGINE_PROFILES } from './engine-profiles.ts';
import type { EngineSpec } from './engine-spec.ts';

/** One simulated instance of a fleet. */
export interface FleetInstance {
  readonly id: string;
  /** The model of the policy: one per kind of engine, since power and price are the model's there. */
  readonly model: string;
  readonly spec: EngineSpec;
  readonly accuracy: number;
  readonly price: {
    readonly inputPerMTok: number;
    readonly cachedInputPerMTok: number;
    readonly outputPerMTok: number;
  };
}

/** What happens to an instance, on the clock of the run. */
export interface FleetEvent {
  readonly instance: string;
  readonly atMs: number;
  readonly untilMs: number;
  /** Iterations take this many times as long; null: the server is down. */
  readonly slowdown: number | null;
}

export interface FleetPlan {
  readonly instances: readonly FleetInstance[];
  readonly events: readonly FleetEvent[];
  readonly pollMs: number;
  /** When a client gives up. */
  readonly patienceMs: number;
  readonly slo: { readonly ttftMs: number; readonly perTokenMs: number };
  /** What mistakes, waiting and energy are worth: the exchange goes by it, and all are scored by it. */
  readonly objective: Objective;
}

const positive = z.number().positive();
const count = z.int().min(1);
const identifier = z.string().regex(/^[\w.-]{1,64}$/, { error: 'must be letters, digits, . _ -' });

const engineSchema = z
  .strictObject({
    weightReadMs: positive,
    perSequenceMs: z.number().min(0),
    admissionMs: z.number().min(0),
    jitterRatio: z.number().min(0).max(0.9),
    prefillTokensPerIteration: count,
    maxRunning: count,
    kvBlocks: count,
    scheduling: z.enum(['fcfs', 'priority']),
    blockSize: z.int().refine((size) => size >= 1 && size <= 512 && (size & (size - 1)) === 0, {
      error: 'must be a power of two up to 512',
    }),
    power: z.strictObject({
      idleWatts: z.number().min(0),
      peakWatts: positive,
      gpus: positive.default(1),
      steepness: positive.default(1),
      midpoint: z.number().default(4.2),
    }),
  })
  .partial();

const instanceSchema = z.strictObject({
  id: identifier,
  count: z.int().min(1).max(1000).default(1),
  model: identifier.default('model'),
  profile: z.enum(Object.keys(ENGINE_PROFILES) as [string, ...string[]]),
  engine: engineSchema.optional(),
  accuracy: z.number().min(0).max(1).default(0.7),
  price: z
    .strictObject({
      inputPerMTok: z.number().min(0),
      cachedInputPerMTok: z.number().min(0),
      outputPerMTok: z.number().min(0),
    })
    .optional(),
});

const fleetSchema = z.strictObject({
  version: z.literal(1, { error: 'must be 1: begin the file with "version: 1"' }),
  instances: z.array(instanceSchema).min(1),
  events: z
    .array(
      z.strictObject({
        instance: identifier,
        atSeconds: z.number().min(0),
        untilSeconds: positive,
        slowdown: positive.optional(),
      }),
    )
    .default([]),
  pollMs: z.int().min(50).max(60_000).default(1000),
  patienceSeconds: positive.default(600),
  slo: z
    .strictObject({ ttftMs: positive.default(2000), perTokenMs: positive.default(100) })
    .prefault({}),
  objective: z
    .strictObject({
      usdPerError: z.number().min(0).default(0.001),
      usdPerSecond: z.number().min(0).default(0.01),
      usdPerKilojoule: z.number().min(0).default(0.00001),
    })
    .prefault({}),
});

/** Reads a fleet file (YAML). Throws `BRS_CONFIG` that names the place. */
export function readFleet(text: string, file: string): FleetPlan {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw fault('BRS_CONFIG', { report: `${file}: ${error.message}` });
  const parsed = fleetSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      ({ path, message }) =>
        `${file}: ${path.length === 0 ? 'the file' : path.join('.')}: ${message}`,
    );
    throw fault('BRS_CONFIG', { report: lines.join('\n') });
  }
  const { instances, events, pollMs, patienceSeconds, slo, objective } = parsed.data;
  const all = instances.flatMap(expanded);
  const ids = new Set(all.map(({ id }) => id));
  if (ids.size < all.length) {
    throw fault('BRS_CONFIG', { report: `${file}: instances: two of them have one id` });
  }
  const lost = events.find(({ instance }) => !ids.has(instance));
  if (lost !== undefined) {
    const report = `${file}: events: no instance is called ${lost.instance} (there are ${[...ids].join(', ')})`;
    throw fault('BRS_CONFIG', { report });
  }
  return {
    instances: all,
    events: events.map(({ instance, atSeconds, untilSeconds, slowdown }) => ({
      instance,
      atMs: atSeconds * 1000,
      untilMs: untilSeconds * 1000,
      slowdown: slowdown ?? null,
    })),
    pollMs,
    patienceMs: patienceSeconds * 1000,
    slo,
    objective,
  };
}

function expanded(entry: z.output<typeof instanceSchema>): FleetInstance[] {
  const { id, count: copies, model, profile, accuracy } = entry;
  const base = ENGINE_PROFILES[profile]!;
  const given = Object.fromEntries(
    Object.entries(entry.engine ?? {}).filter(([, value]) => value !== undefined),
  );
  const spec: EngineSpec = { ...base.engine, ...given };
  const price = entry.price ?? base.price;
  return Array.from({ length: copies }, (_, i) => ({
    id: copies === 1 ? id : `${id}-${i + 1}`,
    model: `${model}.${id}`,
    spec,
    accuracy,
    price,
  }));
}
