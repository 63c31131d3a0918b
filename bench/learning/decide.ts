/** What a decision costs with learning on: CPU per `decide`, 20 instances of 5 models, 10 or 100 routes. `node bench/learning/decide.ts`. */
import { createExchange } from '../../src/app.ts';
import { idleWorld } from '../../src/app-assume.ts';
import { createPolicyLoader, requirePolicy, sourceOf } from '../../src/app-policy.ts';
import { builtIns } from '../../src/app-registry.ts';
import { shippedUnderstanding } from '../../src/app-understanding.ts';
import { createRng, createSystemClock, isPromise } from '../../src/kernel/index.ts';
import { NO_BELIEFS } from '../../src/contract/index.ts';
import type { Beliefs, Ingress, World } from '../../src/contract/index.ts';
import { packContext } from '../../src/estimate/index.ts';
import { createLearners } from '../../src/learning/index.ts';
import { createDecisionLog } from '../../src/market/index.ts';
import { SHIPPED_SPACE } from '../../src/signals/index.ts';
import { LEARNING } from './stage.ts';

const MODELS = 5;
const INSTANCES = 20;
const ROUNDS = 9;
const PER_ROUND = 2000;

const model = (m: number): string =>
  `  - { id: m${m}, price: { inputPerMTok: ${m + 1}, outputPerMTok: ${m + 1} }, accuracy: { default: 0.${6 + (m % 4)} }, accuracyQuestions: 50 }`;
const instance = (i: number): string =>
  `  - { id: i${i}, model: m${i % MODELS}, engine: vllm, url: "http://127.0.0.1:9" }`;
const route = (r: number, isSemantic: boolean): string =>
  isSemantic && r % 2 === 0
    ? `  - { name: r${r}, priority: ${r}, when: { similarity: { name: s${r % 10}, atLeast: 0.99 } }, use: { mode: accuracy } }`
    : `  - { name: r${r}, priority: ${r}, when: { contextTokens: { atLeast: ${100_000 + r} } }, use: { mode: accuracy } }`;

function policyText(routes: number, isSemantic: boolean, learning: string): string {
  const list = (count: number, of: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => of(i)).join('\n');
  const similarity = (s: number): string =>
    `    - { name: s${s}, examples: ["request of kind ${s}", "another of ${s}"] }`;
  return `version: 1
models:
${list(MODELS, model)}
instances:
${list(INSTANCES, instance)}
understanding: { deep: off }
learning: ${learning}
signals:
  similarities:
${list(10, similarity)}
routes:
${list(routes, (r) => route(r, isSemantic))}
  - { name: rest, priority: -1, use: { mode: accuracy } }
`;
}

/** Every model with verdicts in context. */
function taught(): Beliefs {
  const prior = { logit: 0.8, questions: 50, spread: 1 };
  const verdicts = Array.from({ length: 2000 }, (_, i) => {
    const values = Float32Array.from({ length: SHIPPED_SPACE.size }, (_unused, j) =>
      j === 0 ? 1 : Math.sin(i * 7 + j),
    );
    const context = packContext(
      { space: SHIPPED_SPACE, values, forecast: () => null, spentMicroseconds: 0 },
      prior,
    );
    const base = {
      decision: `d-0-${i}`,
      source: 'score',
      atMs: 0,
      model: `m${i % MODELS}`,
      domain: 'math',
      band: 'hard',
    };
    return { ...base, score: i % 3 === 0 ? 0 : 1, context };
  });
  const before = process.cpuUsage();
  let beliefs = NO_BELIEFS;
  for (const learner of createLearners([SHIPPED_SPACE])) {
    beliefs = learner.learnVerdicts?.(beliefs, verdicts as never, LEARNING) ?? beliefs;
  }
  const { user, system } = process.cpuUsage(before);
  const micros = (user + system) / verdicts.length;
  console.log(`keeper: ${micros.toFixed(0)} µs per verdict, off every request's path`);
  return beliefs;
}

const registry = builtIns(shippedUnderstanding('off'));
const clock = createSystemClock();
const beliefs = taught();

async function measure(name: string, text: string, known: Beliefs): Promise<void> {
  const source = await sourceOf({ configText: text, env: {} });
  const { policy } = requirePolicy(createPolicyLoader(registry, {}, {})(source, 1), null);
  for (const slot of policy.slots) await slot.warm?.();
  const world: World = { ...idleWorld(policy), beliefs: known };
  const route = createExchange({
    keeper: { worker: 0, world: () => world, budgets: { reserve: () => null }, report: () => {} },
    registry,
    decisions: createDecisionLog(1),
    clock,
    rng: createRng(1),
    observer: { on: () => {}, stage: () => {} },
    upstream: { dispatch: () => ({ pause: () => {}, resume: () => {}, abort: () => {} }) },
    breakers: {
      inFlight: () => 0,
      pendingTokens: () => 0,
      isAvailable: () => true,
      begin: () => null,
      prefill: () => {},
      end: () => {},
    },
  });
  let count = 0;
  const decide = (): void => {
    const content = `Explain step ${count++} of how the court decides an appeal about the terms of a contract of sale between a buyer and a carrier who lost the goods at sea.`;
    const decided = route.decide(ingressOf(content));
    if (isPromise(decided)) throw new RangeError('a decision waited');
  };
  for (let i = 0; i < 200; i++) decide();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < PER_ROUND; i++) decide();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / PER_ROUND;
  }).sort((a, b) => a - b);
  console.log(
    `${name}: ${rounds[0]!.toFixed(1)} µs least, ${rounds[ROUNDS >> 1]!.toFixed(1)} µs in the median`,
  );
}

function ingressOf(content: string): Ingress {
  const body = Buffer.from(
    JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] }),
  );
  return {
    id: route0(),
    surface: 'chat',
    caller: { tenant: 'default', key: 'default', roles: [] },
    bytes: body,
    headers: {},
    receivedAtMs: clock.nowMs(),
    startedMs: clock.monotonicMs(),
  } as unknown as Ingress;
}

let ids = 0;
const route0 = (): string => `d-0-${String(ids++).padStart(13, '0')}`;

const EXPLORING = '{ exploration: { kind: thompson }, probes: { share: 0.02 } }';
await measure('10 routes, nothing learned', policyText(10, false, '{}'), NO_BELIEFS);
await measure('10 routes, verdicts known', policyText(10, false, '{}'), beliefs);
await measure(
  '100 routes with the embedding, nothing learned',
  policyText(100, true, '{}'),
  NO_BELIEFS,
);
await measure(
  '100 routes with the embedding, verdicts known',
  policyText(100, true, '{}'),
  beliefs,
);
await measure(
  '100 routes with the embedding, verdicts known, Thompson',
  policyText(100, true, EXPLORING),
  beliefs,
);
process.exit();
