import { describe, expect, test } from 'vitest';
import { isPromise, createVirtualClock } from '../kernel/index.ts';
import { openSignals } from '../signals/index.ts';
import { fakeWorkload } from '../signals/fixtures/fake-workload.ts';
import {
  decide,
  FLEET,
  fleetOf,
  mandateOf,
  permitted,
  policyOf,
  refusalOf,
  scriptedSignals,
} from './fixtures/policy.ts';

/** A policy over scripted signals, and the reads that it makes. */
function scripted(rules: string) {
  const reads: string[] = [];
  const policy = policyOf(FLEET + rules, scriptedSignals(reads));
  return { policy, reads };
}

describe('routes', () => {
  test('go by priority, then by the order of the file', async () => {
    const policy = policyOf(`${FLEET}
routes:
  - { name: low, use: {} }
  - { name: first, priority: 5, when: { role: x }, use: {} }
  - { name: second, priority: 5, when: { role: [x, y] }, use: {} }
  - { name: top, priority: 9, when: { role: z }, use: {} }
`);
    const routeOf = async (...roles: string[]) => (await mandateOf(policy, { roles })).route;
    await expect(routeOf('x')).resolves.toBe('first');
    await expect(routeOf('y')).resolves.toBe('second');
    await expect(routeOf('x', 'z')).resolves.toBe('top');
    await expect(routeOf()).resolves.toBe('low');
  });

  test('give what they use', async () => {
    const policy = policyOf(`${FLEET}
routes:
  - name: r
    use:
      models: [large]
      mode: accuracy
      weights: { usdPerSecond: 0.5 }
      reasoning: high
      systemPrompt: { mode: replace, text: Be brief. }
      maxTokens: 100
      limits: { maxTtftMs: 900 }
      attempts: { max: 1 }
`);
    expect(await mandateOf(policy)).toEqual({
      kind: 'mandate',
      route: 'r',
      isNamed: false,
      models: new Set(['large']),
      rules: [],
      mode: 'accuracy',
      objective: { usdPerError: 0.05, usdPerSecond: 0.5, usdPerKilojoule: 0.00001 },
      limits: {
        maxCostUsd: null,
        maxTtftMs: 900,
        maxLatencyMs: null,
        minAccuracy: null,
        maxEnergyJoules: null,
        quantile: 0.9,
      },
      injection: {
        systemPrompt: { mode: 'replace', text: 'Be brief.' },
        reasoning: 'high',
        maxOutputTokens: 100,
        fields: [],
      },
      answer: null,
      tools: null,
      attempts: { ...policy.config.attempts, max: 1 },
    });
  });

  test('fall through to an implied default', async () => {
    const policy = policyOf(`${FLEET}routes: [{ name: r, when: { role: x }, use: {} }]`);
    expect(await mandateOf(policy)).toMatchObject({
      route: 'default',
      models: null,
      mode: 'economy',
    });
    const taken = policyOf(`${FLEET}routes: [{ name: default, when: { role: x }, use: {} }]`);
    expect((await mandateOf(taken)).route).toBe('implied-default');
  });

  test.each([
    ['{ all: [ { cheap: "true" }, { scan: unknown } ] }', false],
    ['{ any: [ { cheap: unknown }, { scan: "true" } ] }', true],
    ['{ not: { cheap: unknown } }', false],
    ['{ not: { cheap: throw } }', false],
    ['{ not: { all: [ { cheap: unknown }, { scan: "false" } ] } }', true],
    ['{ cheap: later }', true],
    ['{ cheap: later-unknown }', false],
    ['{ any: [ { cheap: reject }, { dear: later } ] }', true],
    ['{ all: [ { cheap: later-unknown }, { dear: "true" } ] }', false],
    ['{ cheap: "true", dear: "false" }', false],
  ])('%s matches: %s', async (when, expected) => {
    const { policy } = scripted(`routes: [{ name: r, when: ${when}, use: {} }]`);
    expect((await mandateOf(policy)).route).toBe(expected ? 'r' : 'default');
  });
});

describe('laziness', () => {
  test('nothing is read when nothing depends on it', async () => {
    const { policy, reads } = scripted('routes: [{ name: r, use: {} }]');
    await decide(policy);
    expect(reads).toEqual([]);
  });

  test('cheap signals come first, and dear ones only while the outcome is open', async () => {
    const { policy, reads } = scripted(`routes:
  - { name: a, when: { all: [ { dear: "true" }, { scan: "true" }, { cheap: "false" } ] }, use: {} }
  - { name: b, when: { any: [ { dear: "false" }, { all: [ { scan: "true" }, { cheap: "true" } ] } ] }, use: {} }
  - { name: c, when: { dear: later }, use: {} }
`);
    expect((await mandateOf(policy)).route).toBe('b');
    expect(reads).toEqual(['cheap false', 'cheap true', 'scan true']);
  });

  test('an unknown that settles the outcome ends the evaluation', async () => {
    const route = scripted(
      'routes: [{ name: r, when: { all: [ { cheap: unknown }, { dear: "true" } ] }, use: {} }]',
    );
    expect((await mandateOf(route.policy)).route).toBe('default');
    expect(route.reads).toEqual(['cheap unknown']);
    const constraint = scripted(
      'constraints: [{ name: c, when: { any: [ { cheap: unknown }, { dear: "false" } ] }, forbid: { site: cloud } }]',
    );
    expect((await mandateOf(constraint.policy)).rules).toHaveLength(1);
    expect(constraint.reads).toEqual(['cheap unknown']);
  });

  test('constraints and routes share one reading', async () => {
    const { policy, reads } = scripted(`
constraints: [{ name: c, when: { scan: "true" }, forbid: { site: moon } }]
routes:
  - { name: a, when: { not: { scan: "true" } }, use: {} }
  - { name: b, when: { scan: "true" }, use: {} }
`);
    expect((await mandateOf(policy)).route).toBe('b');
    expect(reads).toEqual(['scan true']);
  });

  test('a named model reads no signal of a route', async () => {
    const { policy, reads } = scripted('routes: [{ name: r, when: { cheap: "true" }, use: {} }]');
    await mandateOf(policy, { requestedModel: 'small' });
    expect(reads).toEqual([]);
  });

  test('nothing waits while signals are values, and a promise is waited for', () => {
    const run = (when: string) => {
      const { policy } = scripted(`
constraints: [{ name: c, when: ${when}, forbid: { site: moon } }]
routes: [{ name: r, when: ${when}, use: {} }]`);
      const workload = fakeWorkload();
      const reader = openSignals(policy.slots, workload, createVirtualClock());
      return policy.decide(workload, reader, fleetOf(policy), null);
    };
    expect(isPromise(run('{ any: [ { cheap: "false" }, { dear: "true" } ] }'))).toBe(false);
    expect(isPromise(run('{ any: [ { cheap: "false" }, { dear: later } ] }'))).toBe(true);
  });

  test('later children are evaluated after a promise', async () => {
    const { policy, reads } = scripted(`routes:
  - { name: r, when: { all: [ { dear: later }, { dear: "true" }, { not: { dear: "false" } } ] }, use: {} }`);
    expect((await mandateOf(policy)).route).toBe('r');
    expect(reads).toEqual(['dear later', 'dear true', 'dear false']);
  });

  test('a constraint that refuses spares the dearer ones', async () => {
    const { policy, reads } = scripted(`constraints:
  - { name: dear, when: { dear: "true" }, forbid: { site: cloud } }
  - { name: cheap, when: { cheap: "true" }, refuse: Not for you. }
`);
    expect(await refusalOf(policy)).toMatchObject({
      reason: 'policy',
      code: 'BRS_FORBIDDEN',
      message: 'Not for you.',
    });
    expect(reads).toEqual(['cheap true']);
  });
});

describe('constraints', () => {
  test('all that match apply together', async () => {
    const policy = policyOf(`${FLEET}constraints:
  - { name: site, require: { site: [on-prem, lab] } }
  - { name: engine, when: { role: x }, forbid: { engine: vllm, model: large } }
`);
    expect(permitted(policy, await mandateOf(policy))).toEqual(['a', 'c']);
    const both = await mandateOf(policy, { roles: ['x'] });
    expect(permitted(policy, both)).toEqual([]);
    expect(both.rules.map(({ constraint, text }) => `${constraint}: ${text}`)).toEqual([
      'site: require site: on-prem or lab',
      'engine: forbid engine: vllm, model: large',
    ]);
  });

  test.each([
    ['require: { site: cloud }', ['b']],
    ['require: { tier: top }', ['b']],
    ['require: { model: [small, large] }', ['a', 'b']],
    ['require: { instance: a, site: on-prem }', ['a']],
    ['require: { site: on-prem, tier: top }', []],
    ['forbid: { instance: [a, b] }', ['c']],
    ['forbid: { tier: top }', ['a', 'c']],
    ['forbid: { absent: x }', ['a', 'b', 'c']],
    ['require: { absent: x }', []],
  ])('%s permits %j', async (rule, expected) => {
    const policy = policyOf(`${FLEET}constraints: [{ name: c, ${rule} }]`);
    expect(permitted(policy, await mandateOf(policy))).toEqual(expected);
  });

  test("an instance's label goes before its model's", async () => {
    const policy = policyOf(`version: 1
models: [{ id: m, labels: { site: cloud } }]
instances:
  - { id: a, model: m, engine: openai }
  - { id: b, model: m, engine: openai, labels: { site: on-prem } }
constraints: [{ name: c, forbid: { site: cloud } }]`);
    expect(permitted(policy, await mandateOf(policy))).toEqual(['b']);
  });

  test('a new instance under an old id is judged by its own labels', async () => {
    const policy = policyOf(`${FLEET}constraints: [{ name: c, require: { site: on-prem } }]`);
    const [rule] = (await mandateOf(policy)).rules;
    const [a] = policy.config.instances;
    expect(rule?.permits(a!)).toBe(true);
    expect(rule?.permits({ ...a!, labels: new Map([['site', 'cloud']]) })).toBe(false);
  });

  test.each(['unknown', 'throw', 'later', 'later-unknown', 'reject', '"true"'])(
    'apply when in doubt: %s',
    async (script) => {
      for (const kind of ['cheap', 'dear']) {
        const { policy } = scripted(
          `constraints: [{ name: c, when: { ${kind}: ${script} }, require: { site: on-prem } }]`,
        );
        expect(permitted(policy, await mandateOf(policy))).toEqual(['a', 'c']);
      }
    },
  );

  test.each([
    ['{ not: { cheap: unknown } }', true],
    ['{ not: { cheap: throw } }', true],
    ['{ all: [ { cheap: unknown }, { dear: "false" } ] }', false],
    ['{ all: [ { cheap: unknown }, { dear: "true" } ] }', true],
    ['{ any: [ { cheap: "false" }, { dear: throw } ] }', true],
    ['{ not: { any: [ { cheap: unknown }, { dear: "true" } ] } }', false],
  ])('%s applies: %s', async (when, expected) => {
    const { policy } = scripted(
      `constraints: [{ name: c, when: ${when}, forbid: { site: cloud } }]`,
    );
    expect((await mandateOf(policy)).rules.length > 0).toBe(expected);
  });

  test('apply to a text beyond what a pattern searches', async () => {
    const policy = policyOf(`${FLEET}
signals: { keywords: [{ name: k, regex: "[0-9]{4}" }] }
constraints: [{ name: c, when: { keyword: k }, refuse: "No numbers." }]`);
    expect((await mandateOf(policy, { text: 'none' })).rules).toEqual([]);
    expect((await refusalOf(policy, { text: 'x'.repeat(70_000) })).message).toBe('No numbers.');
  });
});

describe('a named model', () => {
  const rules = `constraints: [{ name: stay, when: { role: x }, require: { site: on-prem } }]
routes: [{ name: all, use: { models: [small], mode: eco, systemPrompt: hi, maxTokens: 5 } }]`;
  const policy = policyOf(FLEET + rules);

  test('skips the routes and what they inject', async () => {
    expect(await mandateOf(policy, { requestedModel: 'large' })).toMatchObject({
      route: 'named',
      isNamed: true,
      models: new Set(['large']),
      injection: { systemPrompt: null, reasoning: null, maxOutputTokens: null },
    });
  });

  test('may be called by the name that its servers know', async () => {
    const mandate = await mandateOf(policy, { requestedModel: 'org/large' });
    expect(mandate.models).toEqual(new Set(['large']));
  });

  test('is held to the constraints', async () => {
    const request = { requestedModel: 'large', roles: ['x'] };
    expect(await refusalOf(policy, request)).toEqual({
      kind: 'refusal',
      reason: 'model-forbidden',
      code: 'BRS_FORBIDDEN_MODEL',
      message:
        'The policy does not allow "large" for this request: constraint stay (require site: on-prem).',
    });
    const small = await mandateOf(policy, { requestedModel: 'small', roles: ['x'] });
    expect(small.rules).toHaveLength(1);
  });

  test('must exist', async () => {
    expect(await refusalOf(policy, { requestedModel: 'gpt-9' })).toMatchObject({
      reason: 'model-unknown',
      code: 'BRS_MODEL_UNKNOWN',
    });
    const long = await refusalOf(policy, { requestedModel: 'x'.repeat(10_000) });
    expect(long.message.length).toBeLessThan(300);
  });

  test('may have come by the admin API', async () => {
    const found = { ...policy.config.models[0]!, id: 'found', upstreamName: 'org/found' } as never;
    const fleet = fleetOf(policy);
    const state = fleet.states[0]!;
    const instance = { ...state.instance, model: found };
    const workload = fakeWorkload({ requestedModel: 'org/found' });
    const reader = openSignals(policy.slots, workload, createVirtualClock());
    const snapshot = { ...fleet, states: [{ ...state, instance }] };
    expect(await policy.decide(workload, reader, snapshot, null)).toMatchObject({
      models: new Set(['found']),
    });
  });

  test.each(['auto', 'auto:eco', 'router/auto', 'bourse/auto', 'bourse/auto:latency'])(
    '%s is none: it asks for the market',
    async (requestedModel) => {
      expect((await mandateOf(policy, { requestedModel })).route).toBe('all');
    },
  );

  test('is the only one for embeddings', async () => {
    const refusal = await refusalOf(policy, { surface: 'embeddings' });
    expect(refusal.code).toBe('BRS_FIELD_UNSUPPORTED');
    const named = { surface: 'embeddings', requestedModel: 'vectors' } as const;
    expect((await mandateOf(policy, named)).models).toEqual(new Set(['vectors']));
  });
});

describe('modes, weights and limits', () => {
  const policy = policyOf(`${FLEET}
tenants:
  - { id: acme, mode: eco, weights: { usdPerSecond: 1 } }
  - { id: "*", weights: { usdPerError: 3 } }
routes: [{ name: r, use: { mode: latency, limits: { maxTtftMs: 500, minAccuracy: 0.5 } } }]
`);
  const weights = { usdPerKilojoule: 9 };

  test('the request goes before the tenant, and the tenant before the route', async () => {
    expect(await mandateOf(policy)).toMatchObject({
      mode: 'eco',
      objective: { usdPerError: 0.001, usdPerSecond: 1, usdPerKilojoule: 0.005 },
    });
    expect(await mandateOf(policy, { tenant: 'other' })).toMatchObject({
      mode: 'latency',
      objective: { usdPerError: 3, usdPerSecond: 0.01 },
    });
    expect(await mandateOf(policy, { preferences: { mode: 'accuracy' } })).toMatchObject({
      mode: 'accuracy',
      objective: { usdPerError: 0.05, usdPerSecond: 0.001 },
    });
    expect(await mandateOf(policy, { preferences: { weights } })).toMatchObject({
      mode: 'eco',
      objective: { usdPerSecond: 1, usdPerKilojoule: 9 },
    });
  });

  test('stored preferences go before those of the policy', async () => {
    const stored = await mandateOf(policy, {}, { mode: 'economy', weights: null });
    expect(stored).toMatchObject({ mode: 'economy', objective: { usdPerSecond: 0.00002 } });
    const onlyWeights = await mandateOf(policy, {}, { mode: null, weights });
    expect(onlyWeights).toMatchObject({
      mode: 'eco',
      objective: { usdPerSecond: 0.0005, usdPerKilojoule: 9 },
    });
    const stale = await mandateOf(policy, {}, { mode: 'gone', weights: null });
    expect(stale.mode).toBe('eco');
  });

  test('an unknown mode is refused with the ones there are', async () => {
    expect(await refusalOf(policy, { preferences: { mode: 'quick' } })).toEqual({
      kind: 'refusal',
      reason: 'policy',
      code: 'BRS_FIELD_TYPE',
      message: 'The field "mode" must be one of accuracy, economy, eco, latency.',
    });
  });

  test('limits only tighten', async () => {
    const limits = {
      maxCostUsd: 1,
      maxTtftMs: 900,
      maxLatencyMs: null,
      minAccuracy: 0.7,
      maxEnergyJoules: null,
      quantile: 0.5,
    };
    expect((await mandateOf(policy, { preferences: { limits } })).limits).toEqual({
      maxCostUsd: 1,
      maxTtftMs: 500,
      maxLatencyMs: null,
      minAccuracy: 0.7,
      maxEnergyJoules: null,
      quantile: 0.9,
    });
  });
});

describe('explain', () => {
  test('shows the value of every node that was reached, and of no other', async () => {
    const { policy } = scripted(`
constraints:
  - { name: no, when: { cheap: "false" }, refuse: No. }
  - { name: doubt, when: { scan: unknown }, forbid: { site: cloud } }
routes:
  - { name: a, when: { all: [ { dear: "true" }, { cheap: "false" } ] }, use: {} }
  - { name: b, when: { any: [ { not: { cheap: "false" } }, { dear: "true" } ] }, use: {} }
  - { name: c, when: { dear: "true" }, use: {} }
`);
    const { result, readings } = await decide(policy);
    expect(result).toMatchObject({ route: 'b' });
    const leaf = (text: string, value?: boolean | null) => ({
      text,
      value,
      slot: expect.any(Number),
      children: [],
    });
    expect(policy.explain('b', readings)).toEqual({
      constraints: [
        { text: 'no: refuse', value: false, children: [leaf('cheap: false', false)] },
        { text: 'doubt: forbid site: cloud', value: null, children: [leaf('scan: unknown', null)] },
      ],
      routes: [
        {
          text: 'a',
          value: false,
          children: [
            {
              text: 'all',
              value: false,
              children: [leaf('cheap: false', false), leaf('dear: true')],
            },
          ],
        },
        {
          text: 'b',
          value: true,
          children: [
            {
              text: 'any',
              value: true,
              children: [
                { text: 'not', value: true, children: [leaf('cheap: false', false)] },
                leaf('dear: true'),
              ],
            },
          ],
        },
        { text: 'c', value: undefined, children: [leaf('dear: true')] },
        { text: 'default', value: undefined, children: [] },
      ],
    });
  });

  test('shows no route where the client named a model, and none after a refusal', async () => {
    const { policy } = scripted(`
constraints: [{ name: no, when: { cheap: unknown }, refuse: No. }]
routes: [{ name: r, use: {} }]`);
    const { readings } = await decide(policy);
    expect(policy.explain('', readings).routes).toEqual([
      { text: 'r', value: undefined, children: [] },
    ]);
    expect(policy.explain('named', readings).routes).toEqual([]);
  });
});
