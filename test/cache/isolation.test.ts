import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResponseCache } from '../../src/cache/index.ts';
import type {
  CacheRule,
  Decision,
  FleetSnapshot,
  Mandate,
  Outcome,
  SignalReader,
} from '../../src/contract/index.ts';
import { createVirtualClock } from '../../src/kernel/index.ts';
import type { DecisionId, KeyId, TenantId } from '../../src/kernel/index.ts';
import { weighCandidate } from '../../src/market/index.ts';
import { readWorkload } from '../../src/workload/index.ts';
import { wordTexts } from './cache-rig.ts';

const TEXTS = wordTexts(16);

const RULE: CacheRule = {
  isExact: true,
  semantic: { maxErrorRate: 0.4, exploreRatio: 0.2 },
  prefer: 'market',
  ttlMs: 40_000,
  scope: 'tenant',
  tags: [],
  maxTemperature: 1,
  entriesMax: null,
  coalesces: 'host',
  isPaced: false,
  storesTimeSensitive: true,
  storesPersonal: true,
};
const MANDATE = {
  route: 'faq',
  mode: 'economy',
  models: null,
  rules: [],
  limits: { minAccuracy: null },
  injection: { systemPrompt: null, reasoning: null, maxOutputTokens: null, fields: [] },
  objective: { usdPerError: 0, usdPerSecond: 1, usdPerKilojoule: 0 },
  answer: null,
  tools: null,
  cache: RULE,
} as unknown as Mandate;
const FLEET = { states: [] } as unknown as FleetSnapshot;
/** Whoever wins the auction costs more than nothing. */
const WINNER = { score: 1, accuracy: null, instance: { model: { id: 'another' } } };
const AUCTION = { kind: 'award', ranked: [WINNER] } as unknown as Decision['result'];

interface Step {
  readonly tenant: 'a' | 'b';
  readonly text: string;
  readonly isWrong: boolean;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  tenant: fc.constantFrom('a' as const, 'b' as const),
  text: fc.constantFrom(
    'how return a lamp',
    'how return a lamp please',
    'please how return a lamp',
    'return a lamp how',
    'how repair a lamp',
    'how return a tent',
    'how return a tent please',
    'how repair a tent',
  ),
  isWrong: fc.boolean(),
});

/** What `b` got, step by step; the steps of `a` only let time pass where `isAlone`. */
async function transcript(steps: readonly Step[], isAlone: boolean): Promise<unknown[]> {
  const clock = createVirtualClock(1_000_000);
  const limits = { path: null, entriesMax: 6, bytesMax: 40_000, scopesMax: 4, named: null };
  const cache = new ResponseCache({
    worker: 0,
    clock,
    digest: (bytes) => Buffer.from(bytes).toString('hex'),
    config: () => limits,
    openTexts: () => TEXTS,
    tell: () => {},
  });
  const got: unknown[] = [];
  for (const [i, { tenant, text, isWrong }] of steps.entries()) {
    clock.advance(500 - (clock.nowMs() % 500));
    if (isAlone && tenant === 'a') continue;
    const body = { model: 'auto', messages: [{ role: 'user', content: text }] };
    const workload = readWorkload({
      id: `${tenant}${i}` as DecisionId,
      surface: 'chat',
      caller: { tenant: tenant as TenantId, key: 'k' as KeyId, roles: [] },
      bytes: Buffer.from(JSON.stringify(body)),
      headers: {},
      receivedAtMs: clock.nowMs(),
      startedMs: clock.monotonicMs(),
    });
    const found = await cache.lookUp(workload, MANDATE, FLEET, {} as SignalReader);
    const isCandidate = found?.kind === 'candidate';
    const hit = isCandidate ? weighCandidate(found, AUCTION, MANDATE) : found;
    const decision = { workload, mandate: MANDATE, hit } as unknown as Decision;
    if (tenant === 'b') {
      got.push([
        found,
        isCandidate ? found.choice : null,
        hit?.kind === 'stored-hit' ? hit.entry.answer.text : null,
      ]);
    }
    if (hit?.kind === 'stored-hit') {
      cache.served(decision, hit);
      if (isWrong) cache.hear([{ kind: 'rejected', decision: workload.id }]);
      continue;
    }
    serve(cache, decision, `${text.includes('lamp') ? 'The lamp' : 'Something'} goes back.`);
    clock.advance(100);
  }
  return got;
}

function serve(cache: ResponseCache, decision: Decision, content: string): void {
  const client = { onStart: () => {}, onData: () => true, onEnd: () => {}, onError: () => {} };
  const sink = cache.recording(decision, client);
  const flow = { pause: () => {}, resume: () => {}, abort: () => {} };
  sink.onStart(200, { 'content-type': 'application/json' }, flow);
  const message = { role: 'assistant', content };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  sink.onData(Buffer.from(JSON.stringify({ choices })));
  sink.onEnd();
  const usage = { promptTokens: 1, cachedTokens: 0, outputTokens: 1, isEstimated: false };
  const outcome = {
    decision: decision.workload.id,
    status: 'ok',
    instance: 'x',
    model: 'm',
    usage,
    costPicoUsd: 10,
    totalMs: 1,
    ttftMs: null,
  } as unknown as Outcome;
  cache.settled(outcome, null);
}

test('nothing that another tenant asks changes what a tenant gets', async () => {
  let hits = 0;
  let candidates = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 20, maxLength: 80 }), async (steps) => {
      const beside = await transcript(steps, false);
      expect(beside).toEqual(await transcript(steps, true));
      for (const [found, choice] of beside as [unknown, unknown][]) {
        if (choice !== null) candidates++;
        else if (found !== null) hits++;
      }
    }),
    { numRuns: 40 },
  );
  // The property means something only where there was something to get.
  expect(hits).toBeGreaterThan(100);
  expect(candidates).toBeGreaterThan(100);
});
