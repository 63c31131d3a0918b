import { describe, expect, test } from 'vitest';
import type { CacheEnd, CacheLead, CacheReach } from '../contract/index.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { CacheCalls } from './cache-calls.ts';
import { LeadDesk } from './lead-desk.ts';
import { StorePatience } from './store-patience.ts';
import type { ToKeeper, ToWorker } from './protocol.ts';

const KEY = Buffer.from('one request');

/** Hosts that have asked, and how each is answered. */
interface Asked {
  readonly digest: string;
  readonly lead: () => void;
  readonly follow: () => (end: CacheEnd) => void;
  readonly fail: () => void;
}

function rig(options: { readonly hasStore?: boolean; readonly workers?: number } = {}) {
  const { hasStore = true, workers = 2 } = options;
  const clock = createVirtualClock();
  const asked: Asked[] = [];
  const released: CacheEnd[] = [];
  const appending: (() => void)[] = [];
  let isAppending = false;
  const lead = (digest: string): Promise<CacheLead> =>
    new Promise((resolve, reject) => {
      asked.push({
        digest,
        lead: () => resolve({ kind: 'lead', release: async (end) => void released.push(end) }),
        follow: () => {
          const { promise, resolve: end } = Promise.withResolvers<CacheEnd>();
          resolve({ kind: 'follow', ended: promise });
          return end;
        },
        fail: () => reject(new Error('away')),
      });
    });
  const desk = new LeadDesk({
    clock,
    store: hasStore ? { lead } : null,
    patience: new StorePatience(clock),
    afterAppended: (run) => (isAppending ? void appending.push(run) : run()),
  });
  const lines = Array.from({ length: workers }, () => {
    const line = {
      isCut: false,
      post: (message: ToWorker): void => {
        if (message.kind === 'lead' && !line.isCut) calls.hear(message);
      },
    };
    const calls = new CacheCalls({
      clock,
      peers: () => workers - 1,
      post: (message: ToKeeper) => {
        if (message.kind === 'lead') desk.ask(line, message.ask);
        if (message.kind === 'release') desk.release(line, message);
      },
    });
    return { line, calls };
  });
  return {
    clock,
    desk,
    asked,
    released,
    lines,
    appending,
    setAppending: (is: boolean) => (isAppending = is),
    /** The lead that worker `i` gets, once it is known. */
    ask: (i: number, reach: CacheReach = 'host') => {
      const got: { lead: CacheLead | null; end: CacheEnd | null } = { lead: null, end: null };
      const follow = async (): Promise<void> => {
        got.lead = await lines[i]!.calls.lead(KEY, reach);
        if (got.lead.kind === 'follow') got.end = await got.lead.ended;
      };
      void follow();
      return got;
    },
    pass: async (ms = 0) => {
      clock.advance(ms);
      for (let i = 0; i < 8; i++) await Promise.resolve();
    },
  };
}

const release = (lead: CacheLead | null, end: CacheEnd = 'over'): void => {
  if (lead?.kind === 'lead') void lead.release(end);
};

describe('workers of one host', () => {
  test('one leads, and the others hear how it ended', async () => {
    const { ask, pass } = rig({ hasStore: false, workers: 3 });
    const [first, second, third] = [ask(0), ask(1), ask(2)];
    await pass();
    expect([first, second, third].map(({ lead }) => lead?.kind)).toEqual([
      'lead',
      'follow',
      'follow',
    ]);
    expect(second.end).toBeNull();
    release(first.lead, 'private');
    await pass();
    expect([second.end, third.end]).toEqual(['private', 'private']);
    const next = ask(1);
    await pass();
    expect(next.lead?.kind).toBe('lead');
  });

  test('one that is lost leads no longer, and one that follows is told nothing', async () => {
    const { ask, pass, desk, lines } = rig({ hasStore: false, workers: 3 });
    ask(0);
    const [second, third] = [ask(1), ask(2)];
    await pass();
    desk.lost(lines[1]!.line);
    desk.lost(lines[0]!.line);
    await pass();
    expect([second.end, third.end]).toEqual([null, 'over']);
  });

  test('nobody follows for ever', async () => {
    const { ask, pass } = rig({ hasStore: false });
    const first = ask(0);
    const second = ask(1);
    await pass(29_999);
    expect(second.end).toBeNull();
    await pass(1);
    expect(second.end).toBe('over');
    const third = ask(1);
    await pass();
    release(first.lead);
    await pass();
    expect(third.lead?.kind).toBe('lead');
    const fourth = ask(0);
    await pass();
    expect(fourth.lead?.kind).toBe('follow');
  });

  test('a keeper that says nothing is not waited for, and what it grants too late is given back', async () => {
    const { ask, pass, lines } = rig({ hasStore: false });
    lines[0]!.line.isCut = true;
    const first = ask(0);
    await pass(240);
    expect(first.lead).toBeNull();
    await pass(10);
    expect(first.lead?.kind).toBe('lead');
    const second = ask(1);
    await pass();
    expect(second.lead?.kind).toBe('follow');
    release(first.lead);
    await pass();
    expect(second.end).toBe('over');
  });

  test('with the keeper lost all go by themselves', async () => {
    const { ask, pass, lines } = rig({ hasStore: false });
    ask(0);
    const second = ask(1);
    await pass();
    lines[1]!.calls.fail();
    await pass();
    expect(second.end).toBe('over');
    expect(lines[1]!.calls.isAlone('hosts')).toBe(true);
  });

  test('a worker without others is alone, unless other hosts count', () => {
    const { calls } = rig({ workers: 1 }).lines[0]!;
    expect(calls.isAlone('host')).toBe(true);
    expect(calls.isAlone('hosts')).toBe(false);
  });
});

describe('several hosts', () => {
  test('the store is asked once for all workers, and told after the answer is appended', async () => {
    const { ask, pass, asked, released, appending, setAppending } = rig();
    const [first, second] = [ask(0, 'hosts'), ask(1, 'hosts')];
    await pass();
    expect(asked).toHaveLength(1);
    expect(asked[0]!.digest).toMatch(/^[0-9a-f]{64}$/);
    expect([first.lead, second.lead?.kind]).toEqual([null, 'follow']);
    asked[0]!.lead();
    await pass();
    expect(first.lead?.kind).toBe('lead');
    setAppending(true);
    release(first.lead);
    await pass();
    expect([second.end, released]).toEqual(['over', []]);
    for (const run of appending) run();
    expect(released).toEqual(['over']);
  });

  test('behind another host all workers wait for it', async () => {
    const { ask, pass, asked } = rig();
    const [first, second] = [ask(0, 'hosts'), ask(1, 'hosts')];
    await pass();
    const end = asked[0]!.follow();
    await pass();
    expect([first.lead?.kind, second.lead?.kind]).toEqual(['follow', 'follow']);
    end('private');
    await pass();
    expect([first.end, second.end]).toEqual(['private', 'private']);
  });

  test('a store that is slow costs 50 ms once, then nothing until it has rested', async () => {
    const { ask, pass, asked, released } = rig();
    const first = ask(0, 'hosts');
    await pass(45);
    expect(first.lead).toBeNull();
    await pass(5);
    expect(first.lead?.kind).toBe('lead');
    // It says at last that this host leads: that is given back.
    asked[0]!.lead();
    await pass();
    expect(released).toEqual(['over']);
    release(first.lead);

    const second = ask(0, 'hosts');
    await pass();
    expect([second.lead?.kind, asked.length]).toEqual(['lead', 1]);
    release(second.lead);
    await pass(1_000);
    const third = ask(0, 'hosts');
    await pass();
    expect([third.lead, asked.length]).toEqual([null, 2]);
    asked[1]!.fail();
    await pass();
    expect(third.lead?.kind).toBe('lead');
    release(third.lead);
    await pass(1_999);
    const fourth = ask(0, 'hosts');
    await pass();
    expect([fourth.lead?.kind, asked.length]).toEqual(['lead', 2]);
    release(fourth.lead);
    await pass(1);
    ask(0, 'hosts');
    await pass();
    asked[2]!.lead();
    await pass();
    expect(asked).toHaveLength(3);
  });

  test('a leader that is lost before the store has answered leads nowhere', async () => {
    const { ask, pass, asked, released, desk, lines } = rig();
    ask(0, 'hosts');
    const second = ask(1, 'hosts');
    await pass();
    desk.lost(lines[0]!.line);
    asked[0]!.lead();
    await pass();
    expect([second.end, released]).toEqual(['over', ['over']]);
  });

  test('a host that closes lets go of what it leads', async () => {
    const { ask, pass, asked, released, desk } = rig();
    ask(0, 'hosts');
    await pass();
    asked[0]!.lead();
    await pass();
    await desk.close();
    expect(released).toEqual(['over']);
  });

  test('routes that do not ask for hosts ask no store', async () => {
    const { ask, pass, asked } = rig();
    const first = ask(0, 'host');
    await pass();
    expect([first.lead?.kind, asked.length]).toEqual(['lead', 0]);
  });
});
