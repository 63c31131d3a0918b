import { ConfigIssue } from '../../contract/index.ts';
import type {
  CompiledCondition,
  FleetSnapshot,
  InstanceState,
  Reading,
  ShareKey,
  Signal,
} from '../../contract/index.ts';
import { nearest } from '../../kernel/index.ts';
import { COMPARISON_SCHEMA } from './comparison.ts';
import { compileMeasures } from './named-measures.ts';
import type { NamedMeasure } from './named-measures.ts';
import { strictMembers } from './named-parts.ts';
import { selects, selectorOf, selectorText } from './selector.ts';
import type { Selector } from './selector.ts';

/** Where a decision puts the fleet that its pool conditions read. */
export const FLEET_IN_VIEW: ShareKey<{ fleet: FleetSnapshot | null }> = {
  make: () => ({ fleet: null }),
};

const MEASURES: readonly NamedMeasure[] = [
  { name: 'ready', high: Number.POSITIVE_INFINITY, isInteger: true },
  { name: 'running', high: Number.POSITIVE_INFINITY, isInteger: true },
  { name: 'queue', high: Number.POSITIVE_INFINITY, isInteger: true },
  { name: 'kvUsage', high: 1, isInteger: false },
  { name: 'carbon', high: Number.POSITIVE_INFINITY, isInteger: false },
];
export const POOL_KIND = 'pool';

const measured = (description: string) => ({ ...COMPARISON_SCHEMA, description });

export type KnownNames = ReadonlyMap<string, readonly string[]>;

const CONDITION_SCHEMA: Signal['conditionSchema'] = {
  type: 'object',
  description: 'The state of the fleet, or of a part of it. Several comparisons mean all of them.',
  properties: {
    of: {
      type: 'object',
      description:
        'Which instances: labels (of the instance, else of its model), or model, instance, engine, as in `require`. Unset: all.',
      additionalProperties: {
        anyOf: [
          { type: ['string', 'number', 'boolean'] },
          { type: 'array', items: { type: ['string', 'number', 'boolean'] }, minItems: 1 },
        ],
      },
      minProperties: 1,
    },
    ready: measured('How many of them are ready.'),
    running: measured('Requests that the ready ones run, together.'),
    queue: measured('Requests that wait at the ready ones, together.'),
    kvUsage: measured('KV memory in use at the ready ones on the average, 0 to 1.'),
    carbon: measured(
      'Carbon intensity of their electricity on the average, in grams of CO2 equivalent per kilowatt-hour: see `carbon`.',
    ),
  },
  additionalProperties: false,
  minProperties: 1,
};

/** `pool: { of: { site: on-prem }, queue: { atLeast: 20 } }`: the state of the selected instances. `known`: the names that there are of a selector's keys; of other keys, any may come. */
export function createPoolSignal(known: KnownNames): Signal {
  return {
    apiVersion: 1,
    kind: POOL_KIND,
    definitionSchema: null,
    conditionSchema: CONDITION_SCHEMA,
    compile: (value) => compilePool(value, known),
  };
}

function compilePool(value: unknown, known: KnownNames): CompiledCondition {
  const members = strictMembers(value, ['of', ...MEASURES.map(({ name }) => name)]);
  const selector = selectorAt(members['of'], known);
  const where = selector === null ? '' : ` ${selectorText(selector)}`;
  return compileMeasures(MEASURES, members, {
    key: `pool${where}`,
    kind: POOL_KIND,
    cost: 'free',
    read({ receivedAtMs }, shared) {
      const { fleet } = shared.share(FLEET_IN_VIEW);
      return fleet === null ? NO_FLEET : readPool(fleet, selector, receivedAtMs);
    },
  });
}

const NO_FLEET: Reading = { value: null, confidence: 0, reason: 'there is no fleet' };

/** A sum or an average that one ready instance does not tell is left out, and none is told of nobody. */
function readPool(fleet: FleetSnapshot, selector: Selector | null, nowMs: number): Reading {
  let ready = 0;
  let running: number | null = 0;
  let queue: number | null = 0;
  let kvUsage: number | null = 0;
  let carbon: number | null = 0;
  for (const state of fleet.states) {
    if (!isReady(state) || (selector !== null && !selects(selector, state.instance))) continue;
    const { runningRequests, waitingRequests, kvUsageRatio } = state.telemetry;
    ready++;
    running = added(running, runningRequests);
    queue = added(queue, waitingRequests);
    kvUsage = added(kvUsage, kvUsageRatio);
    carbon = added(carbon, carbonOf(state, nowMs));
  }
  const value: Record<string, number> = { ready };
  if (ready > 0) {
    if (running !== null) value['running'] = running;
    if (queue !== null) value['queue'] = queue;
    if (kvUsage !== null) value['kvUsage'] = kvUsage / ready;
    if (carbon !== null) value['carbon'] = carbon / ready;
  }
  return { value, confidence: 1 };
}

/** A value that was pushed is unknown once it is too old: the feed may be dead. */
function carbonOf({ carbon }: InstanceState, nowMs: number): number | null {
  if (carbon === undefined) return null;
  const { gramsPerKilowattHour, untilMs } = carbon;
  return untilMs !== null && untilMs <= nowMs ? null : gramsPerKilowattHour;
}

const isReady = (state: InstanceState): boolean => state.lifecycle === 'ready';

const added = (sum: number | null, amount: number | null): number | null =>
  sum === null || amount === null ? null : sum + amount;

function selectorAt(value: unknown, known: KnownNames): Selector | null {
  if (value === undefined) return null;
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isMapping ? Object.entries(value) : [];
  if (entries.length === 0) {
    throw new ConfigIssue('must be a mapping of labels, such as { site: on-prem }', ['of']);
  }
  const lists = entries.map(([key, given]): [string, readonly string[]] => {
    const values: unknown[] = Array.isArray(given) ? given : [given];
    if (values.length === 0 || !values.every(isLabelValue)) {
      throw new ConfigIssue('must be a value, or a list of them', ['of', key]);
    }
    const names = known.get(key);
    const texts = values.map(String);
    const unknown = texts.find((name) => names?.includes(name) === false);
    if (names !== undefined && unknown !== undefined) {
      throw new ConfigIssue(
        `there is no ${key} "${unknown.slice(0, 60)}"`,
        ['of', key],
        nearest(unknown, names),
      );
    }
    return [key, texts];
  });
  return selectorOf(Object.fromEntries(lists));
}

const isLabelValue = (value: unknown): boolean =>
  (typeof value === 'string' && value !== '') || ['number', 'boolean'].includes(typeof value);
