import { fault, nearest } from './kernel/index.ts';
import type {
  Assumed,
  FleetSnapshot,
  InstanceAssumption,
  InstanceState,
  OfflineRequest,
  Policy,
  Reading,
  SignalSlot,
  SignalValue,
  Telemetry,
  World,
} from './contract/index.ts';
import { NO_BELIEFS, NO_TELEMETRY } from './contract/index.ts';
import { carbonOf } from './keeper/index.ts';

const IDLE: Telemetry = {
  ...NO_TELEMETRY,
  runningRequests: 0,
  waitingRequests: 0,
  kvUsageRatio: 0,
};

/** The world of a policy alone: every instance is ready and idle, and nothing is believed of it. */
export function idleWorld(policy: Policy): World {
  const { instances, carbon: carbonConfig } = policy.config;
  const states = instances.map((instance): InstanceState => {
    const carbon = carbonOf(instance, carbonConfig, new Map());
    return {
      instance,
      lifecycle: 'ready',
      telemetry: IDLE,
      observedAtMs: null,
      reason: null,
      features: { hasResponses: false },
      ...(carbon === undefined ? {} : { carbon }),
    };
  });
  return {
    policy,
    fleet: { generation: 1, states },
    beliefs: NO_BELIEFS,
    preferences: new Map(),
  };
}

/** The fleet with what is assumed of it. Throws `BRS_OFFLINE_INPUT` for an instance that is not there. */
export function assumingFleet(
  fleet: FleetSnapshot,
  assumed: OfflineRequest['fleet'],
): FleetSnapshot {
  if (assumed === undefined) return fleet;
  const ids = fleet.states.map(({ instance }) => instance.id as string);
  for (const id of Object.keys(assumed)) {
    if (!ids.includes(id)) throw unknownName(['fleet', id], 'instance', ids);
  }
  const states = fleet.states.map((state) => {
    const own = Object.hasOwn(assumed, state.instance.id) ? assumed[state.instance.id] : undefined;
    return own === undefined ? state : assumingState(state, own);
  });
  return { ...fleet, states };
}

function assumingState(state: InstanceState, assumed: InstanceAssumption): InstanceState {
  const { lifecycle = state.lifecycle, running, queue, kvUsage } = assumed;
  const isChanged = lifecycle !== state.lifecycle;
  return {
    ...state,
    lifecycle,
    reason: isChanged && lifecycle !== 'ready' ? `assumed to be ${lifecycle}` : state.reason,
    telemetry: {
      ...state.telemetry,
      ...(running !== undefined && { runningRequests: running }),
      ...(queue !== undefined && { waitingRequests: queue }),
      ...(kvUsage !== undefined && { kvUsageRatio: kvUsage }),
    },
  };
}

/**
 * The slots of a policy with what is assumed of them: an assumption belongs to the slot of its key, else
 * to every slot of its kind, the surer one of two speeds included. Throws `BRS_OFFLINE_INPUT`.
 */
export function assumingSlots(
  slots: readonly SignalSlot[],
  assumed: OfflineRequest['assume'],
  kinds: readonly string[],
): { readonly slots: readonly SignalSlot[]; readonly keys: ReadonlySet<string> } {
  if (assumed === undefined) return { slots, keys: NO_KEYS };
  const byName = new Map(Object.entries(assumed).map(([name, value]) => [tight(name), value]));
  assertKnown(Object.keys(assumed), slots, kinds);
  const keys = new Set<string>();
  const changed = slots.map((slot) => {
    const value = byName.get(tight(slot.key)) ?? byName.get(slot.kind);
    const isAssumed = value !== undefined || byName.has(tight(slot.key)) || byName.has(slot.kind);
    if (!isAssumed) return slot;
    keys.add(slot.key);
    const reading = readingOf(slot, value ?? null);
    const { key, kind, cost } = slot;
    return { key, kind, cost, read: () => reading };
  });
  return { slots: changed, keys };
}

const NO_KEYS: ReadonlySet<string> = new Set();

/** Blanks after a colon are for the eye: `keyword: titan` is `keyword:titan`. */
const tight = (name: string): string => name.replaceAll(': ', ':');

/** A kind that the policy does not read is no mistake: a policy may stop reading what a test assumes. */
function assertKnown(
  names: readonly string[],
  slots: readonly SignalSlot[],
  kinds: readonly string[],
): void {
  const keys = new Set(slots.map(({ key }) => tight(key)));
  for (const name of names) {
    const [kind] = /^[^:.\s]*/.exec(name)!;
    if (keys.has(tight(name)) || kinds.includes(kind)) continue;
    throw unknownName(['assume', name], 'signal', [...slots.map(({ key }) => key), ...kinds]);
  }
}

function unknownName(
  [place, name]: readonly [string, string],
  what: string,
  names: readonly string[],
): Error {
  const suggestion = nearest(name, names);
  const remedy = suggestion === null ? '' : ` (did you mean "${suggestion}"?)`;
  const reason = `there is no ${what} "${name.slice(0, 60)}"${remedy}`;
  return wrong(`${place}.${name.slice(0, 60)}`, reason);
}

function readingOf(slot: SignalSlot, assumed: Assumed): Reading {
  const { value: given, confidence } = pairOf(assumed);
  if (given === null) return { value: null, confidence: 0, reason: 'assumed to be unknown' };
  const value = onScale(slot, given, confidence);
  return { value, confidence: confidence ?? confidenceOf(slot, value) };
}

/** A mapping with `value` is a value with its confidence, and no probabilities by class. */
function pairOf(assumed: Assumed): {
  readonly value: SignalValue | null;
  readonly confidence?: number | undefined;
} {
  const isPair = typeof assumed === 'object' && assumed !== null && 'value' in assumed;
  return isPair ? (assumed as { readonly value: SignalValue | null }) : { value: assumed };
}

/** A class stands for certainty of it, and true or false for a probability of 1 or 0. */
function onScale(
  { key, scale }: SignalSlot,
  value: SignalValue,
  confidence: number | undefined,
): SignalValue {
  if (scale === 'chance') {
    const chance = typeof value === 'boolean' ? Number(value) : value;
    if (typeof chance === 'number' && chance >= 0 && chance <= 1) return chance;
    throw wrongValue(key, 'must be a probability from 0 to 1, true or false');
  }
  if (scale === 'chances') {
    if (typeof value === 'string') return { [value]: confidence ?? 1 };
    const isRecord = typeof value === 'object' && !Array.isArray(value);
    if (isRecord && Object.values(value).every((chance) => typeof chance === 'number'))
      return value;
    throw wrongValue(key, 'must be a class, or a probability by class such as { math: 0.9 }');
  }
  return value;
}

const wrongValue = (key: string, reason: string): Error => wrong(`assume.${key}`, reason);

const wrong = (place: string, reason: string): Error =>
  fault('BRS_OFFLINE_INPUT', { place, reason }, { param: place });

function confidenceOf({ scale }: SignalSlot, value: SignalValue): number {
  if (scale === 'chance') return Math.max(Number(value), 1 - Number(value));
  if (scale === 'chances') return Math.max(0, ...Object.values(value).map(Number));
  return 1;
}
