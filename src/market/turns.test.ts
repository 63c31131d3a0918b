import { describe, expect, test } from 'vitest';
import { createVirtualClock, isPromise } from '../kernel/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import type { Bid, Decision, LocalLoad, Mandate, QueueRule } from '../contract/index.ts';
import { mandateOf, workloadOf } from './fixtures/request.ts';
import { Turns } from './turns.ts';

const RULE: QueueRule = { order: 'shortest-first', patience: 30, maxMs: 30_000 };
const A = 'a' as InstanceId;

/** One instance whose prompts take a millisecond per token, one after another. */
function rig() {
  const clock = createVirtualClock();
  let freeAtMs = 0;
  const load: LocalLoad = {
    inFlight: () => 0,
    pendingTokens: () => Math.max(0, freeAtMs - clock.monotonicMs()),
    isAvailable: () => true,
  };
  const turns = new Turns(clock, load);
  const served: { name: string; atMs: number }[] = [];
  let asked = 0;

  function decisionOf(tokens: number, mandate: Mandate): Decision {
    asked++;
    const backlogMs = turns.load.pendingTokens(A);
    const bid = {
      instance: { id: A },
      promptTokens: tokens,
      cachedTokens: 0,
      backlogMs,
      prefillMs: tokens,
    } as Bid;
    const result = { kind: 'award', ranked: [bid] } as unknown as Decision['result'];
    const workload = workloadOf({ startedMs: clock.monotonicMs() });
    return { workload, mandate, result } as Decision;
  }

  async function come(
    name: string,
    tokens: number,
    queue: QueueRule | null = RULE,
    flow?: { readonly isAborted: boolean },
  ): Promise<void> {
    const mandate = mandateOf(queue === null ? {} : { queue });
    const again = (): Decision => decisionOf(tokens, mandate);
    const due = turns.take(decisionOf(tokens, mandate), again, flow);

    if (isPromise(due)) await due;
    served.push({ name, atMs: clock.monotonicMs() });
    freeAtMs = Math.max(clock.monotonicMs(), freeAtMs) + tokens;
  }

  async function pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      clock.advance(1);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
  }
  return { clock, turns, served, come, pass, decisionOf, asked: () => asked };
}

const names = (served: readonly { name: string }[]): string =>
  served.map(({ name }) => name).join(' ');

describe('turns', () => {
  test('without the rule a decision is given back as it is', () => {
    const { turns, decisionOf } = rig();
    const decision = decisionOf(10, mandateOf());
    expect(turns.take(decision, () => expect.unreachable())).toBe(decision);
  });

  test('where nothing lies before it, it goes at once, and is not asked for again', () => {
    const { turns, decisionOf, asked } = rig();
    const decision = decisionOf(10, mandateOf({ queue: RULE }));
    expect(turns.take(decision, () => expect.unreachable())).toBe(decision);
    expect(asked()).toBe(1);
  });

  test('the shortest goes first, just before the instance is free', async () => {
    const { come, pass, served } = rig();
    void come('first', 200);
    void come('long', 300);
    void come('short', 50);
    void come('middle', 100);
    await pass(700);
    expect(names(served)).toBe('first short middle long');
    // 30 ms of lead each, within the look that follows.
    expect(served[1]!.atMs).toBeGreaterThanOrEqual(169);
    expect(served[1]!.atMs).toBeLessThan(200);
  });

  test('by arrival, nobody passes', async () => {
    const { come, pass, served } = rig();
    const queue = { ...RULE, order: 'arrival' } as const;
    for (const [name, tokens] of [
      ['first', 200],
      ['long', 300],
      ['short', 50],
    ] as const) {
      void come(name, tokens, queue);
    }
    await pass(700);
    expect(names(served)).toBe('first long short');
  });

  test('patience: a long one is not passed for ever', async () => {
    const { come, pass, served } = rig();
    const queue = { ...RULE, patience: 1 };
    void come('first', 100, queue);
    void come('long', 400, queue);
    for (let i = 0; i < 12; i++) {
      void come(`s${i}`, 100, queue);
      await pass(90);
    }
    await pass(1_500);
    const place = served.findIndex(({ name }) => name === 'long');
    expect(place).toBeGreaterThan(2);
    // Those that came 300 ms later or more did not pass it.
    expect(place).toBeLessThan(7);
    expect(served).toHaveLength(14);
  });

  test('after its longest wait it goes out wherever it stands', async () => {
    const { come, pass, served } = rig();
    void come('first', 5_000);
    void come('second', 10, { ...RULE, maxMs: 100 });
    await pass(200);
    expect(names(served)).toBe('first second');
    expect(served[1]!.atMs).toBeLessThanOrEqual(150);
  });

  test('an asking that throws ends its own request, and not those behind it', async () => {
    const { turns, decisionOf, come, pass, served } = rig();
    void come('first', 100);
    const mandate = mandateOf({ queue: RULE });
    const failing = turns.take(decisionOf(10, mandate), () => {
      throw new Error('no snapshot');
    });
    const failed = expect(failing).rejects.toThrow('no snapshot');
    void come('second', 20);
    await pass(300);
    await failed;
    expect(names(served)).toBe('first second');
  });

  test('one whose client has left is let go, and those behind it are looked at as if it had never come', async () => {
    const { come, pass, served, clock } = rig();
    const queue = { ...RULE, order: 'arrival' } as const;
    const gone = { isAborted: false };
    void come('first', 200, queue);
    void come('gone', 1_000, queue, gone);
    void come('next', 50, queue);
    await pass(20);
    gone.isAborted = true;
    await pass(60);
    expect(names(served)).toBe('first gone');
    expect(clock.monotonicMs()).toBe(80);
    await pass(1_200);
    expect(names(served)).toBe('first gone next');
  });

  test('a refusal by then is the answer, and leaves no timer behind', async () => {
    const { turns, clock, decisionOf, come, pass } = rig();
    void come('first', 100);
    const refused = { result: { kind: 'refusal' } } as unknown as Decision;
    const due = turns.take(decisionOf(10, mandateOf({ queue: RULE })), () => refused);
    await pass(60);
    expect(await due).toBe(refused);
    expect(clock.step()).toBe(false);
  });
});
