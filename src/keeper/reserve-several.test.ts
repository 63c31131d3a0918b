import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AwardedDecision, Bid, CascadePlan, HedgePlan } from '../contract/index.ts';
import type { ModelId } from '../kernel/index.ts';
import { actualAmounts, reserveRequestOf } from './reserve.ts';

interface Model {
  readonly id: string;
  readonly input: number;
  readonly output: number;
}

const CHEAP: Model = { id: 'cheap', input: 10, output: 20 };
const DEAR: Model = { id: 'dear', input: 100, output: 300 };
const PROMPT = 1_000;

function bidOf({ id, input, output }: Model, i: number): Bid {
  const price = { inputPicoUsd: input, cachedInputPicoUsd: input / 10, outputPicoUsd: output };
  return {
    instance: { id: `i${i}`, model: { id, price, maxOutputTokens: null } },
    energyJoules: null,
    accuracy: { mean: 0.5 + i / 10, deviation: 0 },
    costUsd: { mean: input, deviation: 0 },
    outputTokens: { mean: 10, deviation: 0 },
    score: i,
    terms: { error: 0 },
  } as unknown as Bid;
}

function decisionOf(
  models: readonly Model[],
  several: { readonly cascade?: CascadePlan; readonly hedge?: HedgePlan },
  workload: object = {},
): AwardedDecision {
  return {
    policy: { config: {} },
    workload: {
      id: 'd',
      surface: 'chat',
      caller: { tenant: 't', key: 'k' },
      user: null,
      choices: 1,
      outputCeilingTokens: 50,
      promptTokensBound: PROMPT,
      ...workload,
    },
    mandate: {
      route: 'r',
      objective: { usdPerError: 1, usdPerSecond: 0, usdPerKilojoule: 0 },
      injection: { systemPrompt: null, maxOutputTokens: null },
      attempts: { max: 3 },
      ...several,
    },
    result: { ranked: models.map(bidOf) },
  } as unknown as AwardedDecision;
}

const step = (model: string) => ({ model: model as ModelId, effort: null, accuracy: null });
const CASCADE: CascadePlan = {
  steps: [step('cheap'), step('dear')],
  maxSteps: 2,
  confidence: 'meanLogprob',
  checkedBy: null,
  acceptFrom: null,
  decideAfterTokens: null,
};
const HEDGE: HedgePlan = { afterMs: 1, afterQuantile: 0.95, maxShare: 1, maxLoad: 1 };

describe('what is held for a request that several are charged for', () => {
  test('a cascade: the sum of its steps', () => {
    const request = reserveRequestOf(decisionOf([CHEAP, DEAR], { cascade: CASCADE }));
    expect(request.fixed).toMatchObject({ tokens: 2 * PROMPT, picoUsd: 110 * PROMPT });
    expect(request.perOutputToken).toMatchObject({ tokens: 2, picoUsd: 320 });
  });

  test('a cascade of the market’s choice: the dearest models, as many as there may be steps', () => {
    const models = [CHEAP, DEAR, { id: 'middle', input: 50, output: 40 }];
    const request = reserveRequestOf(decisionOf(models, { cascade: { ...CASCADE, steps: null } }));
    expect(request.fixed.picoUsd).toBe(150 * PROMPT);
    expect(request.perOutputToken.picoUsd).toBe(340);
  });

  test('its checks: the prompt and the answer once more for each step but the last', () => {
    const cascade: CascadePlan = {
      ...CASCADE,
      confidence: 'selfCheck',
      checkedBy: 'dear' as ModelId,
    };
    const request = reserveRequestOf(decisionOf([CHEAP, DEAR], { cascade }));
    expect(request.fixed.tokens).toBeGreaterThan(3 * PROMPT);
    expect(request.fixed.picoUsd).toBeGreaterThanOrEqual(210 * PROMPT);
    expect(request.perOutputToken.picoUsd).toBe(420);
  });

  test('a hedge: both sides', () => {
    const request = reserveRequestOf(decisionOf([CHEAP, DEAR, DEAR], { hedge: HEDGE }));
    expect(request.fixed.picoUsd).toBe(200 * PROMPT);
    expect(request.perOutputToken.picoUsd).toBe(600);
  });

  test('what is never asked twice is held once', () => {
    const once = reserveRequestOf(decisionOf([CHEAP, DEAR], {}, { choices: 2 }));
    expect(reserveRequestOf(decisionOf([CHEAP, DEAR], { hedge: HEDGE }, { choices: 2 }))).toEqual(
      once,
    );
  });

  test('no run of steps and checks that keeps the ceiling costs more than is held', () => {
    const price = fc.nat(500);
    const models = fc.array(fc.record({ input: price, output: price }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        models,
        fc.integer({ min: 2, max: 4 }),
        fc.boolean(),
        fc.array(fc.record({ who: fc.nat(4), prompt: fc.nat(PROMPT), output: fc.nat(50) }), {
          maxLength: 4,
        }),
        (prices, maxSteps, isChecked, steps) => {
          const all = prices.map((each, i) => ({ id: `m${i}`, ...each }));
          const confidence = isChecked ? ('selfCheck' as const) : null;
          const cascade: CascadePlan = { ...CASCADE, steps: null, maxSteps, confidence };
          const request = reserveRequestOf(decisionOf(all, { cascade }));
          const held = {
            tokens: request.fixed.tokens + 50 * request.perOutputToken.tokens,
            picoUsd: request.fixed.picoUsd + 50 * request.perOutputToken.picoUsd,
            microjoules: 0,
          };
          // Each model at most once, as in a cascade.
          const asked = new Map(steps.slice(0, maxSteps).map((one) => [one.who % all.length, one]));
          let picoUsd = 0;
          let tokens = 0;
          let place = 0;
          for (const [who, { prompt, output }] of asked) {
            const { input, output: rate } = all[who]!;
            picoUsd += prompt * input + output * rate;
            tokens += prompt + output;
            if (!isChecked || ++place === asked.size) continue;
            picoUsd += (prompt + output + 60) * input + 4 * rate;
            tokens += prompt + output + 64;
          }
          const usage = { promptTokens: tokens, outputTokens: 0 };
          const actual = actualAmounts({ usage, costPicoUsd: picoUsd, energyMicrojoules: 0 }, held);
          expect(actual).toEqual({ tokens, picoUsd, microjoules: 0 });
        },
      ),
    );
  });
});
