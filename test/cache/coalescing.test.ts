import { describe, expect, test } from 'vitest';
import type {
  AwardedDecision,
  CacheNews,
  CacheReach,
  StoredHit,
} from '../../src/contract/index.ts';
import { CacheCalls } from '../../src/keeper/cache-calls.ts';
import { LeadDesk } from '../../src/keeper/lead-desk.ts';
import type { ToKeeper, ToWorker } from '../../src/keeper/protocol.ts';
import { StorePatience } from '../../src/keeper/store-patience.ts';
import { createVirtualClock, isPromise } from '../../src/kernel/index.ts';
import { createCacheRig, mandateWith } from './cache-rig.ts';
import type { CacheRig } from './cache-rig.ts';

const BODY = { messages: [{ role: 'user', content: 'how return a lamp' }] };

/** Several workers of one host: what one stores the others hear. */
function createHost(workers: number, reach: CacheReach = 'host') {
  const clock = createVirtualClock(1e6);
  const desk = new LeadDesk({
    clock,
    store: null,
    patience: new StorePatience(clock),
    afterAppended: (run) => run(),
  });
  const rigs: CacheRig[] = [];
  for (let i = 0; i < workers; i++) {
    const line = {
      post: (message: ToWorker): void => {
        if (message.kind === 'lead') leads.hear(message);
      },
    };
    const leads = new CacheCalls({
      clock,
      peers: () => workers - 1,
      post: (message: ToKeeper) => {
        if (message.kind === 'lead') desk.ask(line, message.ask);
        if (message.kind === 'release') desk.release(line, message);
      },
    });
    const tell = (news: readonly CacheNews[]): void => {
      for (const rig of rigs) if (rig !== rigs[i]) rig.cache.hear(news);
    };
    rigs.push(createCacheRig({ clock, keeper: { cachePeers: leads }, tell }));
  }
  const mandate = mandateWith({ coalesces: reach, semantic: null });
  const pass = async (ms = 0): Promise<void> => {
    clock.advance(ms);
    for (let i = 0; i < 30; i++) await Promise.resolve();
  };

  /** A request at worker `i`, until it is answered or may go to a model. */
  async function request(i: number, tenant?: string) {
    const state: { hit: StoredHit | null; decision: AwardedDecision | null; isReady: boolean } = {
      hit: null,
      decision: null,
      isReady: false,
    };
    const run = async (): Promise<void> => {
      const rig = rigs[i]!;
      const { decision, found } = await rig.ask(BODY, mandate, tenant);
      state.decision = decision;
      const hit = found?.kind === 'stored-hit' ? found : await rig.cache.depart(decision);
      state.hit = hit;
      state.isReady = true;
    };
    void run();
    await pass();
    return state;
  }
  type State = Awaited<ReturnType<typeof request>>;
  const go = (i: number, { decision }: State) => rigs[i]!.begin(decision!);
  return { rigs, pass, request, go, mandate };
}

describe('the same request at several workers', () => {
  test('one goes to a model, and the others have its answer', async () => {
    const { request, go, pass } = createHost(3);
    const first = await request(0);
    const end = go(0, first);
    const others = [await request(1), await request(2), await request(1), await request(0)];
    expect(others.map(({ isReady }) => isReady)).toEqual([false, false, false, false]);
    end('send it back');
    await pass(20);
    expect(others.map(({ hit }) => hit?.entry.answer.text)).toEqual(Array(4).fill('send it back'));
    expect(others.every(({ hit }) => hit?.isShared === true)).toBe(true);
  });

  test('at the same moment too', async () => {
    const { request, go, pass } = createHost(3);
    const all = await Promise.all([0, 0, 1, 2, 2].map((i) => request(i)));
    expect(all.map(({ isReady }) => isReady)).toEqual([true, false, false, false, false]);
    go(0, all[0]!)('send it back');
    await pass(20);
    expect(all.slice(1).every(({ hit }) => hit !== null)).toBe(true);
  });

  test('when it fails the next one goes, and the rest wait for that', async () => {
    const { request, go, pass } = createHost(2);
    const first = await request(0);
    const end = go(0, first);
    const others = [await request(1), await request(1), await request(0)];
    end(null);
    await pass();
    const going = others.filter(({ isReady }) => isReady);
    expect(going).toHaveLength(1);
    const worker = others.indexOf(going[0]!) < 2 ? 1 : 0;
    go(worker, going[0]!)('send it back');
    await pass(20);
    expect(others.filter(({ hit }) => hit?.entry.answer.text === 'send it back')).toHaveLength(2);
  });

  test('when its answer is for nobody else all go', async () => {
    const { request, go, pass } = createHost(2);
    const end = go(0, await request(0));
    const others = [await request(1), await request(1), await request(0)];
    end({ calls: 'look_up' });
    await pass(20);
    expect(others.map(({ isReady, hit }) => isReady && hit === null)).toEqual([true, true, true]);
  });

  test('one that leads and is not sent holds nobody up for longer than a second', async () => {
    const { request, pass } = createHost(2);
    await request(0);
    const second = await request(1);
    await pass(999);
    expect(second.isReady).toBe(false);
    await pass(1);
    expect(second).toMatchObject({ isReady: true, hit: null });
  });

  test('nobody waits for longer than half a minute', async () => {
    const { request, go, pass } = createHost(2);
    go(0, await request(0));
    const second = await request(1);
    const third = await request(1);
    await pass(29_990);
    expect([second.isReady, third.isReady]).toEqual([false, false]);
    await pass(30);
    expect([second.isReady, third.isReady]).toEqual([true, true]);
  });

  test('another tenant does not wait', async () => {
    const { request, go } = createHost(2);
    go(0, await request(0));
    expect(await request(1, 'other')).toMatchObject({ isReady: true, hit: null });
  });
});

test('a worker that is alone makes no promise', async () => {
  const { rigs, mandate } = createHost(1);
  const { decision } = await rigs[0]!.ask(BODY, mandate);
  expect(isPromise(rigs[0]!.cache.depart(decision))).toBe(false);
});
