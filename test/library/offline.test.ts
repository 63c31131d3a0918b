import { beforeAll, describe, expect, test } from 'vitest';
import { explainOnce, openOffline } from '../../src/app-offline.ts';
import type { Offline } from '../../src/app-offline.ts';
import type { OfflineRequest } from '../../src/contract/index.ts';

const POLICY = `version: 1
understanding: { deep: off }
models: [{ id: big }, { id: small }]
instances:
  - { id: b, model: big, engine: vllm, url: 'http://127.0.0.1:9', labels: { site: on-prem } }
  - { id: s, model: small, engine: vllm, url: 'http://127.0.0.1:9' }
signals:
  keywords: [{ name: titan, anyOf: [Project Titan] }]
constraints:
  - { name: stays, when: { keyword: titan }, require: { site: on-prem } }
routes:
  - { name: full, priority: 9, when: { pool: { queue: { atLeast: 20 } } }, use: { models: [small] } }
  - { name: out, priority: 8, when: { pool: { of: { model: big }, ready: { below: 1 } } }, use: { models: [small] } }
  - { name: maths, when: { domain: math }, use: { models: [big] } }
  - { name: hard, when: { complexity: { atLeast: 0.5 } }, use: { models: [big] } }
  - { name: staff, when: { role: staff }, use: { models: [big] } }
  - { name: prod, when: { metadata: { header: x-env, equals: prod } }, use: { models: [big] } }
  - { name: night, when: { time: { from: '22:00', to: '06:00', zone: UTC } }, use: { models: [small] } }
`;
const NOON = '2026-11-21T12:00:00Z';
/** What no learned signal is asked about. */
const PLAIN = { domain: 'other', complexity: 0 };

let offline: Offline;
beforeAll(async () => {
  offline = await openOffline({ configText: POLICY, env: {} });
});
const decide = (request: OfflineRequest) => offline.decide({ at: NOON, ...request });

test('the fleet is ready and idle, and the caller is nobody in particular', async () => {
  const view = await decide({ text: 'hello', assume: PLAIN });
  expect(view).toMatchObject({ route: 'default', tenant: 'default', requestedModel: 'auto' });
  expect(view.bids.map(({ instance }) => instance).toSorted()).toEqual(['b', 's']);
});

describe('what the request says decides', () => {
  test.each<[string, OfflineRequest, string]>([
    ['roles', { text: '', roles: ['staff'] }, 'staff'],
    ['headers', { text: '', headers: { 'x-env': 'prod' } }, 'prod'],
    ['the time', { text: '', at: '2026-11-21T23:30:00+01:00' }, 'night'],
    ['the load of an instance', { text: '', fleet: { b: { queue: 20 } } }, 'full'],
    ['the life cycle of an instance', { text: '', fleet: { b: { lifecycle: 'down' } } }, 'out'],
    ['a named model', { text: '', model: 'small' }, 'named'],
    [
      'a body with a model',
      { body: { model: 'big', messages: [{ role: 'user', content: 'hi' }] } },
      'named',
    ],
  ])('%s', async (_name, request, route) => {
    expect(await decide({ assume: PLAIN, ...request })).toMatchObject({ route });
  });

  test('a body of another surface', async () => {
    const assume = PLAIN;
    expect(await decide({ body: { prompt: 'hi' }, assume })).toMatchObject({
      surface: 'completions',
      requestedModel: 'auto',
    });
    expect(await decide({ body: { input: 'hi' }, assume })).toMatchObject({ surface: 'responses' });
    expect(await decide({ bytes: 40, surface: 'completions', assume })).toMatchObject({
      promptBytes: 40,
    });
  });

  test('an instance that is assumed to be down says so', async () => {
    const view = await decide({ text: '', assume: PLAIN, fleet: { s: { lifecycle: 'down' } } });
    expect(view.excluded).toContainEqual({
      instance: 's',
      cause: 'lifecycle',
      detail: 'assumed to be down',
    });
  });
});

describe('assumptions stand for readings', () => {
  test.each<[string, NonNullable<OfflineRequest['assume']>, string]>([
    ['a class for certainty of it', { domain: 'math' }, 'maths'],
    ['probabilities by class', { domain: { math: 0.4, law: 0.6 }, complexity: 0 }, 'default'],
    ['a value with its confidence', { domain: { value: { math: 0.6 }, confidence: 0.6 } }, 'maths'],
    ['true for a probability of 1', { domain: 'law', complexity: true }, 'hard'],
    ['a number', { domain: 'law', complexity: 0.49 }, 'default'],
    ['unknown is no match of a route', { domain: null, complexity: null }, 'default'],
  ])('%s', async (_name, assume, route) => {
    expect(await decide({ text: 'hello', assume })).toMatchObject({ route });
  });

  test('by the key of the slot, blanks or not; a constraint takes unknown for a match', async () => {
    for (const [key, value] of [
      ['keyword: titan', true],
      ['keyword:titan', null],
    ] as const) {
      const view = await decide({ text: 'hello', assume: { ...PLAIN, [key]: value } });
      expect(view.winner).toBe('b');
      expect(view.excluded).toMatchObject([{ instance: 's', cause: 'constraint' }]);
    }
  });

  test('they show in the explanation, where they were needed', async () => {
    const { signals } = await decide({ text: 'hello', assume: { domain: 'math', complexity: 1 } });
    const bySlot = new Map(signals.map((signal) => [signal.key, signal]));
    expect(bySlot.get('domain')).toMatchObject({ value: { math: 1 }, isAssumed: true });
    expect(bySlot.get('complexity')!.state).toBe('not-needed');
    expect(bySlot.get('complexity')!.isAssumed).toBeUndefined();
    expect(bySlot.get('keyword: titan')!.isAssumed).toBeUndefined();
  });

  test('a kind that the policy does not read is let pass', async () => {
    expect(await decide({ text: '', assume: { ...PLAIN, jailbreak: true } })).toMatchObject({
      route: 'default',
    });
  });

  test('decisions do not see the assumptions of others', async () => {
    const routes = await Promise.all(
      ['math', 'law', 'math', 'other'].map(async (domain) => {
        const view = await decide({ text: 'hello', assume: { domain, complexity: 0 } });
        return view.route;
      }),
    );
    expect(routes).toEqual(['maths', 'default', 'maths', 'default']);
  });
});

test.each<[string, OfflineRequest, string]>([
  ['a signal that is none', { text: '', assume: { domian: 1 } }, 'did you mean "domain"?'],
  ['an instance that is none', { text: '', fleet: { x: {} } }, 'there is no instance "x"'],
  ['no probability', { text: '', assume: { complexity: 2 } }, 'must be a probability'],
  ['a number for a class', { text: '', assume: { domain: 0.9 } }, 'must be a class'],
  ['no time', { text: '', at: 'noon' }, 'must be a time'],
])('%s is refused with its place', async (_name, request, reason) => {
  const message = expect.stringContaining(reason);
  await expect(decide(request)).rejects.toMatchObject({ code: 'BRS_OFFLINE_INPUT', message });
});

test('a body that the exchange refuses is its fault, not a refusal', async () => {
  await expect(decide({ body: { model: 3, messages: [] } })).rejects.toMatchObject({
    code: 'BRS_FIELD_TYPE',
  });
});

test('explainOnce reads the request as JSON gives it', async () => {
  const options = { configText: POLICY, env: {} };
  const request = { text: 'hello', at: NOON, assume: { domain: 'math' } };
  expect(await explainOnce({ ...options, request })).toMatchObject({ route: 'maths' });
  await expect(explainOnce({ ...options, request: { txt: '' } })).rejects.toMatchObject({
    code: 'BRS_OFFLINE_INPUT',
  });
});
