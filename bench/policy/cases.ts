import type { CompiledCondition, Policy, Reading } from '../../src/contract/index.ts';
import { createSystemClock } from '../../src/kernel/index.ts';
import { fleetOf, policyOf, FLEET } from '../../src/policy/fixtures/policy.ts';
import { BUILT_IN_SIGNALS, openSignals } from '../../src/signals/index.ts';
import { fakeWorkload } from '../../src/signals/fixtures/fake-workload.ts';
import type { Case } from '../signals/measure.ts';

const ROUTES = 100;
const CONDITIONS = 5;
const clock = createSystemClock();
const workload = fakeWorkload({ promptBytes: 4_000, roles: ['analyst'], text: 'What is a bond?' });

/** Five conditions of one route, of which all but the last hold; all of them cost nothing to read. */
const conditionsOf = (route: number): readonly (readonly [kind: string, value: unknown])[] => [
  ['role', ['analyst', `role-${route}`]],
  ['contextTokens', { atLeast: route }],
  ['metadata', { header: `x-team-${route % 10}`, exists: false }],
  ['modality', 'text'],
  ['contextTokens', { above: 2_000 + route }],
];

const objectsOf = (route: number): readonly string[] =>
  conditionsOf(route).map(([kind, value]) => JSON.stringify({ [kind]: value }));

const SHAPES: Readonly<Record<string, (conditions: readonly string[], route: number) => string>> = {
  all: (conditions) => `{ all: [${conditions.join(', ')}] }`,
  'any of not': (conditions) =>
    `{ any: [${conditions.map((one, i) => (i < CONDITIONS - 1 ? `{ not: ${one} }` : one)).join(', ')}] }`,
  'at least 5 of': (conditions) =>
    `{ atLeast: { n: ${CONDITIONS}, of: [${conditions.join(', ')}] } }`,
  'score of': (_conditions, route) => `{ score: { name: s${route}, above: 0.85 } }`,
};

function policyText(shape: string): string {
  const indexes = Array.from({ length: ROUTES }, (_, i) => i);
  const scores = indexes.map((i) => {
    const terms = objectsOf(i).map((one) => `{ when: ${one}, weight: 0.2 }`);
    return `    - { name: s${i}, terms: [${terms.join(', ')}] }`;
  });
  const routes = indexes.map(
    (i) => `  - { name: r${i}, when: ${SHAPES[shape]!(objectsOf(i), i)}, use: {} }`,
  );
  const signals = shape === 'score of' ? `signals:\n  scores:\n${scores.join('\n')}\n` : '';
  return `${FLEET}${signals}routes:\n${routes.join('\n')}\n`;
}

function decideBy(policy: Policy): () => unknown {
  const fleet = fleetOf(policy);
  return () => policy.decide(workload, openSignals(policy.slots, workload, clock), fleet, null);
}

/** Every condition of every route, whether or not anything depends on it. */
function eagerly(): () => unknown {
  const signals = new Map(BUILT_IN_SIGNALS.map((signal) => [signal.kind, signal]));
  const routes: readonly (readonly CompiledCondition[])[] = Array.from({ length: ROUTES }, (_, i) =>
    conditionsOf(i).map(([kind, value]) => signals.get(kind)!.compile(value, [])),
  );
  const slots = new Map(routes.flat().map(({ slot }) => [slot.key, slot]));
  return () => {
    const shared = openSignals([], workload, clock);
    const readings = new Map<string, Reading>();
    for (const [key, slot] of slots) readings.set(key, slot.read(workload, shared) as Reading);
    return routes.findIndex((conditions) =>
      conditions.map((one) => one.test(readings.get(one.slot.key)!)).every(Boolean),
    );
  };
}

/** The same routes as a programmer would write them for this one policy. */
function byHand(): () => unknown {
  return () => {
    const { roles } = workload.caller;
    const tokens = Math.ceil(workload.promptBytes / 4);
    const { image, audio } = workload.modality();
    for (let route = 0; route < ROUTES; route++) {
      if (!roles.includes('analyst') && !roles.includes(`role-${route}`)) continue;
      if (tokens < route || workload.header(`x-team-${route % 10}`) !== undefined) continue;
      if (!image && !audio && tokens > 2_000 + route) return route;
    }
    return -1;
  };
}

export function createCases(): Case[] {
  const row = (name: string, target: string | null, run: Case['run']): Case => ({
    name,
    target,
    unit: 'µs',
    runs: 1_000,
    inner: 50,
    run,
  });
  return [
    ...Object.keys(SHAPES).map((shape) =>
      row(`100 routes × ${shape} 5 conditions`, '≤ 20 µs', decideBy(policyOf(policyText(shape)))),
    ),
    row('trivial: every condition, then the first route', null, eagerly()),
    row('trivial: the routes written by hand', null, byHand()),
    row('no route but the default', null, decideBy(policyOf(FLEET))),
  ];
}
