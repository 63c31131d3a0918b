import { describe, expect, test } from 'vitest';
import { NO_TELEMETRY } from '../contract/index.ts';
import type { FleetSnapshot, Instance, InstanceState, Mandate } from '../contract/index.ts';
import type { Lifecycle, SystemPrompt, Usage, Workload } from '../contract/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { scanBody } from '../wire/index.ts';
import { PrefixMemory } from './prefix-memory.ts';

const A = 'a' as InstanceId;
const instanceOf = (id: string, url = `http://${id}`): Instance =>
  ({ id, url, model: { upstreamName: 'm' } }) as Partial<Instance> as Instance;

function fleetOf(
  states: readonly { id: string; lifecycle?: Lifecycle; promptTokensTotal?: number }[],
): FleetSnapshot {
  return {
    generation: 1,
    states: states.map(({ id, lifecycle = 'ready', promptTokensTotal = 0 }) => {
      const telemetry = { ...NO_TELEMETRY, promptTokensTotal };
      const state = { instance: instanceOf(id), lifecycle, telemetry };
      return state as Partial<InstanceState> as InstanceState;
    }),
  };
}
const FLEET = fleetOf([{ id: 'a' }, { id: 'b' }]);

function workloadOf(body: object, tenant = 'acme', surface = 'chat'): Workload {
  const bytes = Buffer.from(JSON.stringify(body));
  return { surface, caller: { tenant }, body: scanBody(bytes) } as Partial<Workload> as Workload;
}
const mandateOf = (text: string | null = null, cut: readonly number[] = []): Mandate => {
  const systemPrompt: SystemPrompt | null = text === null ? null : { mode: 'prepend', text };
  const injection = { systemPrompt, reasoning: null, maxOutputTokens: null, fields: [] };
  const tools = { rules: [], cut, cutBytes: 0, shown: [] };
  return { injection, tools } as Partial<Mandate> as Mandate;
};
const MANDATE = mandateOf();
const say = (...texts: readonly string[]): object => ({
  model: 'm',
  messages: texts.map((content) => ({ role: 'user', content })),
});
const LONG = 'x'.repeat(2_000);

function shareOf(memory: PrefixMemory, workload: Workload, mandate = MANDATE): number {
  return memory.open(workload, mandate, FLEET)!.cachedShare(A);
}

function sent(workload: Workload, mandate = MANDATE): PrefixMemory {
  const memory = new PrefixMemory();
  memory.open(workload, mandate, FLEET);
  memory.dispatched(workload, instanceOf('a'), 500);
  return memory;
}

describe('a prompt that its instance did not compute', () => {
  const [first, next] = [workloadOf(say(LONG)), workloadOf(say(LONG, 'and then?'))];

  test('is not believed cached there, nor told to others', () => {
    const memory = new PrefixMemory();
    memory.open(next, MANDATE, FLEET);
    memory.settled(memory.dispatched(next, instanceOf('a'), 500)!, null, null);
    expect(shareOf(memory, first)).toBe(0);
    expect(memory.takeNews()).toEqual([]);
  });

  test('keeps what had been there before', () => {
    const memory = sent(first);
    memory.takeNews();
    const before = shareOf(memory, first);
    expect(before).toBeGreaterThan(0.9);
    memory.open(next, MANDATE, FLEET);
    memory.settled(memory.dispatched(next, instanceOf('a'), 520)!, null, null);
    expect(shareOf(memory, first)).toBe(before);
  });

  test('is with the instance that computed it in its place', () => {
    const memory = new PrefixMemory();
    memory.open(first, MANDATE, FLEET);
    memory.settled(memory.dispatched(first, instanceOf('a'), 500)!, instanceOf('b'), null);
    const opened = memory.open(next, MANDATE, FLEET)!;
    expect(opened.cachedShare(A)).toBe(0);
    expect(opened.cachedShare('b' as InstanceId)).toBeGreaterThan(0.9);
  });
});

describe('the prefix memory', () => {
  test('knows the next turn of a conversation where the last one went, and nowhere else', () => {
    const memory = sent(workloadOf(say(LONG)));
    const next = memory.open(workloadOf(say(LONG, 'and then?')), MANDATE, FLEET)!;
    expect(next.cachedShare(A)).toBeGreaterThan(0.9);
    expect(next.cachedShare('b' as InstanceId)).toBe(0);
  });

  test('tenants, salts, tools and injected prompts have their own', () => {
    const memory = sent(workloadOf(say(LONG)));
    expect(shareOf(memory, workloadOf(say(LONG), 'other'))).toBe(0);
    expect(shareOf(memory, workloadOf({ ...say(LONG), cache_salt: 's' }))).toBe(0);
    expect(shareOf(memory, workloadOf({ ...say(LONG), tools: [{ type: 'function' }] }))).toBe(0);
    expect(shareOf(memory, workloadOf(say(LONG)), mandateOf('Be brief.'))).toBe(0);
    expect(shareOf(memory, workloadOf(say(LONG)), mandateOf(null, [1]))).toBe(0);
  });

  test('an injected prompt and equal tools are shared by all who have them', () => {
    const tools = [{ type: 'function', function: { name: 'f', description: LONG } }];
    const mandate = mandateOf(LONG);
    const memory = sent(workloadOf({ ...say('one'), tools }), mandate);
    expect(shareOf(memory, workloadOf({ ...say('two'), tools }), mandate)).toBeGreaterThan(0.95);
  });

  test('each surface has its fields; embeddings have no cache', () => {
    const completion = workloadOf({ prompt: LONG }, 'acme', 'completions');
    expect(shareOf(sent(completion), completion)).toBeGreaterThan(0.9);
    const response = workloadOf({ instructions: LONG, input: 'x' }, 'acme', 'responses');
    expect(shareOf(sent(response), response)).toBeGreaterThan(0.9);
    const embedding = workloadOf({ input: LONG }, 'acme', 'embeddings');
    expect(new PrefixMemory().open(embedding, MANDATE, FLEET)).toBeNull();
  });

  test('what was not opened is not remembered', () => {
    const memory = new PrefixMemory();
    expect(memory.dispatched(workloadOf(say(LONG)), instanceOf('a'), 500)).toBeNull();
  });

  test('a request that ended elsewhere is known there', () => {
    const memory = new PrefixMemory();
    const workload = workloadOf(say(LONG));
    memory.open(workload, MANDATE, FLEET);
    const pending = memory.dispatched(workload, instanceOf('b'), 500)!;
    memory.settled(pending, instanceOf('a'), null);
    expect(shareOf(memory, workload)).toBeGreaterThan(0.9);
  });

  test('reports correct it', () => {
    const workload = workloadOf(say(LONG));
    const memory = sent(workload);
    const usage: Usage = {
      promptTokens: 500,
      cachedTokens: 0,
      outputTokens: 9,
      isEstimated: false,
    };
    for (let i = 0; i < 30; i++) {
      memory.open(workload, MANDATE, FLEET);
      memory.settled(memory.dispatched(workload, instanceOf('a'), 500)!, instanceOf('a'), usage);
    }
    expect(shareOf(memory, workload)).toBeLessThan(0.3);
  });

  test.each([
    ['is down', fleetOf([{ id: 'a', lifecycle: 'down' }])],
    ['counts from 0 again', fleetOf([{ id: 'a', promptTokensTotal: 10 }])],
    ['is gone for a while', fleetOf([])],
  ])('forgets an instance that %s', (_, changed) => {
    const workload = workloadOf(say(LONG));
    const memory = sent(workload);
    memory.open(workload, MANDATE, fleetOf([{ id: 'a', promptTokensTotal: 900 }]));
    memory.open(workload, MANDATE, changed);
    expect(memory.open(workload, MANDATE, FLEET)!.cachedShare(A)).toBe(0);
  });

  test('tells other workers of what was new, a bounded number at once', () => {
    const memory = sent(workloadOf(say(LONG)));
    const again = workloadOf(say(LONG));
    memory.open(again, MANDATE, FLEET);
    memory.dispatched(again, instanceOf('a'), 500);
    const news = memory.takeNews();
    expect(news).toHaveLength(1);
    expect(memory.takeNews()).toEqual([]);
    const other = new PrefixMemory();
    other.open(workloadOf(say('x')), MANDATE, FLEET);
    other.hear(news);
    expect(shareOf(other, again)).toBeGreaterThan(0.9);
    for (let i = 0; i < 100; i++) {
      const workload = workloadOf(say(`${i} ${LONG}`));
      memory.open(workload, MANDATE, FLEET);
      memory.dispatched(workload, instanceOf('a'), 500);
    }
    expect(memory.takeNews().length).toBeLessThanOrEqual(64);
  });
});
