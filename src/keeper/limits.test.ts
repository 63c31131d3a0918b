import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../kernel/index.ts';
import type { KeyId, TenantId } from '../kernel/index.ts';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import { openSqliteStore } from '../store/index.ts';
import { BalanceBook } from './balance-book.ts';
import { createChannelPair } from './channel.ts';
import { createKeeperClient } from './client.ts';
import { createCounters } from './counters.ts';
import { FakeStore, rule, settled } from './fixtures/budget-rig.ts';
import { loadFakePolicy } from './fixtures/fake-policy.ts';
import { createKeeperRig } from './fixtures/keeper-rig.ts';
import { Journal } from './journal.ts';
import type { ToKeeper } from './protocol.ts';

describe('limits', () => {
  test('users that clients make up share one balance past the cap, which still binds', () => {
    const book = new BalanceBook(() => {});
    book.setRules([rule('user', { tenant: '*', user: '*' }, { tokens: 5 })]);
    const balanceOf = (user: string) =>
      book.appliedTo(
        { tenant: 'acme' as TenantId, key: 'k' as KeyId, user, route: 'r' },
        1_700_000_000_000,
      )[0]!.balance;
    const first = balanceOf('user 0');
    for (let i = 1; i < 100_000; i++) balanceOf(`user ${i}`);
    expect(balanceOf('one more')).toBe(balanceOf('and another'));
    expect(balanceOf('one more').scope).toBe('tenant=acme&user=*');
    expect(balanceOf('user 0')).toBe(first);
    expect(book.balances.size).toBe(100_001);
  });

  test('outcomes that a failing store does not take are held up to a number, then told of', async () => {
    const clock = createVirtualClock();
    const fake = new FakeStore();
    let dropped = 0;
    const deferred: (() => void)[] = [];
    const journal = new Journal({
      store: fake.store,
      clock,
      defer: (_delayMs, run) => deferred.push(run),
      book: new BalanceBook(() => {}),
      listener: {
        onCommitted: () => {},
        onHealth: () => {},
        onDropped: (count) => {
          dropped += count;
        },
      },
    });
    journal.add([outcomeNamed('d-0-first')]);
    for (const run of deferred.splice(0)) run();
    fake.fail();
    await settled();
    const many = Array.from({ length: 100_003 }, (_, i) => outcomeNamed(`d-0-${i}`));
    journal.add(many);
    journal.add([outcomeNamed('d-0-last')]);
    expect(dropped).toBe(4);
    expect(journal.queueLength).toBe(100_000);
    clock.advance(200);
    fake.succeed();
    await settled();
    for (const run of deferred.splice(0)) run();
    fake.succeed();
    await settled();
    expect(fake.outcomes).toHaveLength(100_001);
    expect(journal.queueLength).toBe(0);
  });

  test('a worker whose keeper takes nothing over drops in the end, says so, and is not ready', async () => {
    const rig = createKeeperRig({ store: await openSqliteStore({ path: null }) });
    const [near, far] = createChannelPair();
    const { clock } = rig;
    const joining = createKeeperClient({
      channel: near,
      worker: 0,
      clock,
      loadPolicy: loadFakePolicy,
      duties: {
        decisionView: () => null,
        latestDecisions: () => [],
        drainCounters: () => createCounters().drain(),
      },
      defer: (delayMs, run) => void clock.after(delayMs, run),
    });
    // A keeper that welcomes and then only listens.
    let taken = 0;
    const events: unknown[] = [];
    far.onMessage((raw) => {
      const message = raw as ToKeeper;
      if (message.kind === 'hello') {
        far.post({
          kind: 'welcome',
          welcome: {
            policy: { text: '{}', file: null, generation: 1 },
            rules: [],
            fleet: { generation: 1, instances: [], states: [] },
            beliefs: { generation: 0 },
            preferences: new Map(),
            store: { isWritable: true, reason: null },
            shadow: [],
            warnings: [],
          },
        });
      } else if (message.kind === 'batch') {
        taken += message.outcomes === null ? 0 : 1;
        events.push(...message.events);
      }
    });
    const client = await joining;
    const outcome = outcomeNamed('d-0-x', { attempts: [] });
    for (let i = 0; i < 100_064; i++) client.report(outcome);
    await rig.pass(10);
    expect(taken).toBe(Math.ceil(100_000 / 64));
    expect(events).toEqual([{ kind: 'queue-dropped', queue: 'outcomes', count: 64 }]);
    expect(client.readiness()).toEqual({
      isReady: false,
      reason: 'the keeper of shared state is far behind',
    });
  });
});
