import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../kernel/index.ts';
import { NOTHING } from '../contract/index.ts';
import type { Outcome, Reservation, Store, StoreBatch } from '../contract/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { openSqliteStore } from '../store/index.ts';
import { outcomeNamed } from '../../test/contract/outcome-named.ts';
import { rule, tokenRequest } from './fixtures/budget-rig.ts';
import { textOf } from './fixtures/fake-policy.ts';
import { createKeeperRig, READY, viewNamed } from './fixtures/keeper-rig.ts';
import type { KeeperRig, KeeperRigOptions } from './fixtures/keeper-rig.ts';

const open: KeeperRig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.during(rig.keeper.close());
});

const memory = (): Promise<Store> => openSqliteStore({ path: null });
const BUDGET = rule('day', { tenant: '*' }, { tokens: 10_000 }, 'day');

async function started(options: Partial<KeeperRigOptions> = {}): Promise<KeeperRig> {
  const rig = createKeeperRig({ store: options.store ?? (await memory()), ...options });
  open.push(rig);
  await rig.during(rig.keeper.start());
  await rig.pass(50);
  return rig;
}

/** One request, reserved, settled and reported as the director does it. */
async function serve(rig: KeeperRig, client: Awaited<ReturnType<KeeperRig['connect']>>['client']) {
  const request = tokenRequest({ tenant: 'acme' }, 100, 200);
  const held = await rig.during(Promise.resolve(client.budgets.reserve(request)));
  const reservation = held as Reservation;
  const outcome = outcomeNamed(request.decision, { reservation: reservation.id });
  const { promptTokens, outputTokens } = outcome.usage;
  reservation.settle({ ...NOTHING, tokens: promptTokens + outputTokens });
  client.report(outcome);
  return outcome;
}

describe('keeper', () => {
  test('a worker gets the whole world, and changes of it as new objects', async () => {
    const rig = await started({ policy: { budgets: [BUDGET] } });
    const { client } = await rig.connect(0);
    const world = client.world();
    expect(world.policy.generation).toBe(1);
    expect(world.fleet.states).toMatchObject([{ instance: { id: 'a' }, lifecycle: 'ready' }]);
    expect(world.fleet.states[0]!.instance.labels.get('site')).toBe('here');
    expect(client.readiness()).toEqual({ isReady: true, reason: null });

    await rig.keeper.admin.setPreferences('acme', { mode: 'economy', weights: null });
    await rig.pass(5);
    expect(client.world().preferences.get('acme')?.mode).toBe('economy');
    expect(world.preferences.size).toBe(0);
    await rig.pass(2_000);
    // Instances stay the same objects from poll to poll.
    expect(client.world().fleet.generation).toBeGreaterThan(world.fleet.generation);
    expect(client.world().fleet.states[0]!.instance).toBe(world.fleet.states[0]!.instance);
  });

  test('what workers settle is in the ledger and in the balance, to the token', async () => {
    const rig = await started({ policy: { budgets: [BUDGET] } });
    const one = await rig.connect(0);
    const two = await rig.connect(1);
    for (let i = 0; i < 10; i++) {
      await serve(rig, one.client);
      await serve(rig, two.client);
    }
    await rig.pass(50);
    const totals = await rig.keeper.admin.ledger('acme');
    expect(totals.requests).toBe(20);
    const [view] = rig.keeper.admin.budgets('acme');
    expect(view!.settled.tokens).toBe(String(totals.promptTokens + totals.outputTokens));
    expect(view).toMatchObject({ rule: 'day', scope: 'tenant=acme', limits: { tokens: '10000' } });
    expect(rig.kinds().filter((kind) => kind === 'settled')).toHaveLength(20);

    // When workers leave, their slices come back, and nobody is called lost.
    await rig.during(one.client.close());
    await rig.during(two.client.close());
    expect(rig.keeper.admin.budgets('acme')[0]!.reserved.tokens).toBe('0');
    expect(rig.kinds()).not.toContain('worker-lost');
    expect(rig.kinds()).not.toContain('fault');
  });

  test('what a lost worker held counts as spent, and stays so after a restart', async () => {
    const store = await memory();
    const rig = await started({ store, policy: { budgets: [BUDGET] } });
    const { client, near } = await rig.connect(0);
    await serve(rig, client);
    await rig.during(
      Promise.resolve(client.budgets.reserve(tokenRequest({ tenant: 'acme' }, 500, 0))),
    );
    await rig.pass(20);
    near.close();
    await rig.pass(20);
    expect(rig.kinds()).toContain('worker-lost');
    const [view] = rig.keeper.admin.budgets('acme');
    expect(view!.reserved.tokens).toBe('0');
    expect(Number(view!.settled.tokens)).toBeGreaterThanOrEqual(150 + 500);
    const stored = await store.load();
    expect(stored.leases).toEqual([]);
    expect(stored.balances[0]!.tokens.toString()).toBe(view!.settled.tokens);
  });

  test('a worker that takes the number of another replaces it', async () => {
    const rig = await started();
    await rig.connect(0);
    const { client } = await rig.connect(0);
    expect(rig.kinds().filter((kind) => kind === 'worker-lost')).toHaveLength(1);
    expect(client.readiness().isReady).toBe(true);
  });

  test('when the keeper goes, a worker knows', async () => {
    const rig = await started({ policy: { budgets: [BUDGET] } });
    const { client } = await rig.connect(0);
    await rig.during(rig.keeper.close());
    await rig.pass(10);
    expect(client.readiness()).toEqual({
      isReady: false,
      reason: 'the keeper of shared state does not answer',
    });
    const request = tokenRequest({ tenant: 'acme' }, 1, 1);
    await expect(client.budgets.reserve(request)).rejects.toMatchObject({
      code: 'BRS_KEEPER_LOST',
    });
    await expect(client.metrics()).rejects.toMatchObject({ code: 'BRS_KEEPER_LOST' });
    client.report(outcomeNamed('d-0-late'));
    await client.close();
  });
});

/** A store that fails as long as it is told to. */
async function failingStore(): Promise<Store & { isFailing: boolean; batches: StoreBatch[] }> {
  const store = await memory();
  const failing = {
    ...store,
    isFailing: false,
    batches: [] as StoreBatch[],
    commit: async (batch: StoreBatch) => {
      if (failing.isFailing) throw fault('BRS_STORE', { reason: 'disk full' });
      failing.batches.push(batch);
      await store.commit(batch);
    },
  };
  return failing;
}

describe('a store that fails', () => {
  test('holds up nothing that is paid for, loses nothing, and recovers', async () => {
    const store = await failingStore();
    const rig = await started({ store, policy: { budgets: [BUDGET] } });
    const { client } = await rig.connect(0);
    const first = await serve(rig, client);
    await rig.pass(20);

    store.isFailing = true;
    const during: Outcome[] = [first];
    for (let i = 0; i < 5; i++) {
      // Slices at hand are stored as granted: they still serve.
      const request = tokenRequest({ tenant: 'acme' }, 1, 10);
      const held = client.budgets.reserve(request) as Reservation;
      held.settle({ ...NOTHING, tokens: 5 });
      const usage = { promptTokens: 1, cachedTokens: 0, outputTokens: 4, isEstimated: false };
      const outcome = outcomeNamed(request.decision, { usage });
      client.report(outcome);
      during.push(outcome);
    }
    await rig.pass(500);
    expect(rig.events).toContainEqual({
      kind: 'store-failed',
      reason: 'The store cannot be written: disk full.',
    });
    expect(client.readiness()).toMatchObject({ isReady: false });
    const request = tokenRequest({ tenant: 'acme' }, 5_000, 1);
    const refused = Promise.resolve(client.budgets.reserve(request));
    await expect(rig.during(refused)).rejects.toMatchObject({ code: 'BRS_STORE' });
    expect(await rig.keeper.admin.metrics()).toContain('bourse_store_writable 0');

    store.isFailing = false;
    await rig.pass(6_000);
    expect(rig.kinds()).toContain('store-recovered');
    expect(client.readiness().isReady).toBe(true);
    const totals = await rig.keeper.admin.ledger(null);
    expect(totals.requests).toBe(6);
    for (const { decision } of during) {
      expect(await store.ledger.outcome(decision)).not.toBeNull();
    }
    const [view] = rig.keeper.admin.budgets('acme');
    expect(view!.settled.tokens).toBe(String(totals.promptTokens + totals.outputTokens));
    const retried = await rig.during(Promise.resolve(client.budgets.reserve(request)));
    expect(retried).toMatchObject({ held: { tokens: 5_001 } });
  });

  test('outcomes are grouped, 64 or 5 ms, with their balance in the same commit', async () => {
    const store = await failingStore();
    const rig = await started({ store, policy: { budgets: [BUDGET] } });
    const { client } = await rig.connect(0);
    await serve(rig, client);
    await rig.pass(20);
    store.batches.length = 0;
    for (let i = 0; i < 130; i++) {
      const request = tokenRequest({ tenant: 'acme' }, 0, 1);
      (client.budgets.reserve(request) as Reservation).settle({ ...NOTHING, tokens: 1 });
      client.report(outcomeNamed(request.decision));
    }
    await rig.pass(20);
    const sizes = store.batches.map(({ outcomes }) => outcomes.length);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(130);
    expect(sizes.length).toBeLessThanOrEqual(3);
    for (const { outcomes, balanceDeltas } of store.batches) {
      expect(balanceDeltas[0]?.tokens).toBe(BigInt(outcomes.length));
    }
  });

  test('a keeper that cannot store does not start', async () => {
    const store = await failingStore();
    store.isFailing = true;
    const rig = createKeeperRig({ store });
    await expect(rig.during(rig.keeper.start())).rejects.toMatchObject({ code: 'BRS_STORE' });
  });
});

describe('policy', () => {
  test('a broken file changes nothing and says so; a good one reaches every worker', async () => {
    const rig = await started({ policy: { budgets: [BUDGET] } });
    const workers = [await rig.connect(0), await rig.connect(1)];
    const before = workers[0]!.client.world();

    rig.file.text = 'routes: [';
    const rejected = await rig.during(rig.keeper.reload());
    expect(rejected).toMatchObject({
      generation: 1,
      rejected: [{ message: 'this is not a policy', line: 3, column: 5 }],
    });
    expect(rig.events).toContainEqual({
      kind: 'policy-rejected',
      report: 'bourse.yaml:3:5: this is not a policy',
    });
    await rig.pass(10);
    expect(workers[0]!.client.world().policy).toBe(before.policy);

    rig.file.text = textOf({ instances: ['a@m', 'b@m'] });
    const taken = await rig.during(rig.keeper.reload());
    expect(taken).toMatchObject({ generation: 2, rejected: [] });
    await rig.pass(10);
    for (const { client } of workers) {
      const { policy, fleet } = client.world();
      expect(policy.generation).toBe(2);
      expect(fleet.states.map(({ instance }) => instance.id)).toEqual(['a', 'b']);
      // The budget is gone with the file that named it.
      expect(client.budgets.reserve(tokenRequest({ tenant: 'acme' }, 1, 1))).toBeNull();
    }
  });

  test('policy and fleet change in one step', async () => {
    const rig = await started();
    const { client } = await rig.connect(0);
    const seen = new Set<string>();
    rig.file.text = textOf({ models: ['m', 'n'], instances: ['z@n'] });
    const reloading = rig.keeper.reload();
    for (let i = 0; i < 200; i++) {
      await Promise.resolve();
      const { policy, fleet } = client.world();
      seen.add(`${policy.generation}:${fleet.states.map(({ instance }) => instance.id).join()}`);
    }
    await rig.during(reloading);
    await rig.pass(5);
    seen.add(`${client.world().policy.generation}:${client.world().fleet.states[0]!.instance.id}`);
    expect([...seen].sort()).toEqual(['1:a', '2:z']);
  });

  test('a file that cannot be read is told of', async () => {
    const rig = await started();
    Object.defineProperty(rig.file, 'text', {
      get: () => {
        throw new Error('ENOENT');
      },
    });
    const status = await rig.during(rig.keeper.reload());
    expect(status).toMatchObject({ generation: 1, rejected: [{ severity: 'error' }] });
    expect(status.rejected[0]!.message).toContain('cannot be read');
  });

  test('a policy that is not good at the start is BRS_CONFIG, with its place', async () => {
    const rig = createKeeperRig({ store: await memory(), policyText: 'routes: [' });
    await expect(rig.during(rig.keeper.start())).rejects.toMatchObject({
      code: 'BRS_CONFIG',
      message: 'bourse.yaml:3:5: this is not a policy',
    });
  });

  test('limits that are lowered apply to slices that were cut before', async () => {
    const rig = await started({ policy: { budgets: [{ ...BUDGET, per: 'total' }] } });
    const { client } = await rig.connect(0);
    await serve(rig, client);
    rig.file.text = textOf({
      budgets: [{ ...rule('day', { tenant: '*' }, { tokens: 160 }), per: 'total' }],
    });
    await rig.during(rig.keeper.reload());
    await rig.pass(20);
    // 150 of 160 are settled.
    const big = Promise.resolve(client.budgets.reserve(tokenRequest({ tenant: 'acme' }, 11, 0)));
    expect(await rig.during(big)).toMatchObject({ kind: 'refusal' });
    const small = Promise.resolve(client.budgets.reserve(tokenRequest({ tenant: 'acme' }, 10, 0)));
    expect(await rig.during(small)).toMatchObject({ held: { tokens: 10 } });
  });
});

describe('admin', () => {
  const input = { id: 'x', model: 'm', engine: 'fake', url: 'http://127.0.0.1:9/v1/' };

  test('instances are added, drained, removed, and stay so after a restart', async () => {
    const store = await memory();
    const rig = await started({ store, policy: { instances: ['a@m', 'b@m'] } });
    const { admin } = rig.keeper;
    const { client } = await rig.connect(0);
    const added = await rig.during(admin.addInstance(input));
    expect(added.instance).toMatchObject({ source: 'admin', url: 'http://127.0.0.1:9' });
    await rig.during(admin.removeInstance('b'));
    expect(await rig.during(admin.drainInstance('a'))).toMatchObject({ lifecycle: 'draining' });
    await rig.pass(50);
    const listed = (): string[] =>
      client.world().fleet.states.map(({ instance, lifecycle }) => `${instance.id} ${lifecycle}`);
    expect(listed()).toEqual(['a draining', 'x ready']);

    const again = await started({ store, policy: { instances: ['a@m', 'b@m'] } });
    const states = again.keeper.admin.instances();
    expect(states.map(({ instance }) => instance.id)).toEqual(['a', 'x']);
    expect(states[0]!.lifecycle).toBe('draining');
    // Adding what is drained or removed brings it back.
    const back = { id: 'b', model: 'm', engine: 'fake', url: 'http://127.0.0.1:1/b' };
    await again.during(again.keeper.admin.addInstance(back));
    expect(again.keeper.admin.instances().map(({ instance }) => instance.id)).toContain('b');
    open.splice(open.indexOf(rig), 1);
  });

  test.each([
    [{ ...input, model: 'nope' }, 'BRS_ADMIN_INPUT', 'it has m'],
    [{ ...input, id: 'a' }, 'BRS_ADMIN_INPUT', 'remove it first'],
    [{ ...input, id: 'a b' }, 'BRS_ADMIN_INPUT', 'id'],
    [{ ...input, url: 'file:///etc/passwd' }, 'BRS_ADMIN_INPUT', 'http'],
    [{ ...input, url: 'http://user:secret@h/' }, 'BRS_ADMIN_INPUT', 'credentials'],
    [{ ...input, maxRunning: 0 }, 'BRS_ADMIN_INPUT', 'maxRunning'],
  ])('refuses %j', async (bad, code, words) => {
    const rig = await started();
    await expect(rig.keeper.admin.addInstance(bad)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
    expect(rig.keeper.admin.instances()).toHaveLength(1);
  });

  test('an unknown instance is not found', async () => {
    const rig = await started();
    const missing = { code: 'BRS_NOT_FOUND' };
    await expect(rig.keeper.admin.drainInstance('q')).rejects.toMatchObject(missing);
    await expect(rig.keeper.admin.removeInstance('q')).rejects.toMatchObject(missing);
  });

  test("a tenant's own budget binds beside those of the file, across a restart", async () => {
    const store = await memory();
    const rig = await started({ store, policy: { budgets: [BUDGET] } });
    const { client } = await rig.connect(0);
    const views = await rig.during(
      rig.keeper.admin.setBudgets('acme', [{ per: 'hour', tokens: 50, usd: 0.5 }]),
    );
    expect(views.map(({ rule: id }) => id)).toEqual(['day', 'admin:acme:hour']);
    expect(views[1]).toMatchObject({ limits: { tokens: '50', usd: '0.5' }, scope: 'tenant=acme' });
    await rig.pass(10);
    const reserve = (tenant: string) =>
      rig.during(Promise.resolve(client.budgets.reserve(tokenRequest({ tenant }, 60, 0))));
    expect(await reserve('acme')).toMatchObject({ kind: 'refusal' });
    expect(await reserve('other')).toMatchObject({ held: { tokens: 60 } });

    const again = await started({ store, policy: { budgets: [BUDGET] } });
    expect(again.keeper.admin.budgets('acme')).toHaveLength(2);
    await again.during(again.keeper.admin.setBudgets('acme', []));
    expect(again.keeper.admin.budgets('acme')).toHaveLength(1);
    await expect(
      again.keeper.admin.setBudgets('acme', [
        { per: 'day', tokens: 1 },
        { per: 'day', tokens: 2 },
      ]),
    ).rejects.toMatchObject({ code: 'BRS_ADMIN_INPUT' });
    await expect(
      again.keeper.admin.setPreferences('acme', { mode: 'nope', weights: null }),
    ).rejects.toMatchObject({ code: 'BRS_ADMIN_INPUT' });
    open.splice(open.indexOf(rig), 1);
  });

  test('a decision is asked of the worker that made it, else of the ledger', async () => {
    const rig = await started();
    const id = (worker: number, name: string): string => `d-${worker}-${name.padEnd(13, '0')}`;
    for (const worker of [0, 1]) {
      await rig.connect(worker, {
        decisionView: (wanted) =>
          wanted === id(worker, 'mine') ? viewNamed(wanted, '2025-01-01T00:00:00.000Z') : null,
        latestDecisions: (limit) =>
          [5, 3, 1]
            .map((second) =>
              viewNamed(id(worker, `t${second}`), `2025-01-01T00:00:0${second + worker}.000Z`),
            )
            .slice(0, limit),
      });
    }
    const { client } = await rig.connect(2);
    client.report(outcomeNamed(id(9, 'gone'), { instance: 'a' as InstanceId }));
    await rig.pass(30);
    const { admin } = rig.keeper;
    expect(await rig.during(admin.decision(id(1, 'mine')))).toMatchObject({ id: id(1, 'mine') });
    expect(await rig.during(admin.decision(id(0, 'other')))).toBeNull();
    expect(await rig.during(admin.decision(id(9, 'gone')))).toMatchObject({
      winner: 'a',
      bids: [],
      outcome: { route: 'default' },
    });
    expect(await rig.during(admin.decision('not-an-id'))).toBeNull();
    const latest = await rig.during(admin.decisions(4));
    expect(latest.map(({ id: one }) => one)).toEqual([
      id(1, 't5'),
      id(0, 't5'),
      id(1, 't3'),
      id(0, 't3'),
    ]);
  });

  test('a worker that does not answer is left out, not waited for', async () => {
    const rig = await started();
    const { near } = await rig.connect(0);
    near.onMessage(() => {});
    const text = await rig.during(rig.keeper.admin.metrics());
    expect(text).toContain('bourse_workers 1');
    expect(await rig.during(rig.keeper.admin.decisions(5))).toEqual([]);
  });
});

describe('learning and telemetry', () => {
  test('beliefs reach workers at most every 200 ms', async () => {
    const rig = await started();
    const { client } = await rig.connect(0);
    const generations = new Set<number>();
    for (let i = 0; i < 100; i++) {
      client.report(outcomeNamed(`d-0-${i}`));
      await rig.pass(5);
      generations.add(client.world().beliefs.generation);
    }
    await rig.pass(300);
    const weight = (): number | undefined =>
      client.world().beliefs.timing.get('a' as InstanceId)?.perTokenMs?.weight;
    expect(weight()).toBe(100);
    expect(generations.size).toBeLessThanOrEqual(4);
  });

  test('beliefs are saved while it runs, and read at the next start', async () => {
    const store = await memory();
    const rig = await started({ store });
    const { client } = await rig.connect(0);
    client.report(outcomeNamed('d-0-x'));
    await rig.pass(6_000);
    const next = await started({ store });
    expect(next.keeper.world().beliefs.timing.get('a' as InstanceId)).toMatchObject({
      perTokenMs: { weight: 1 },
    });
    open.splice(open.indexOf(rig), 1);
  });

  test('a learner that throws is told of and stops nobody', async () => {
    const bad = {
      apiVersion: 1 as const,
      name: 'bad',
      learn: () => {
        throw new Error('no');
      },
    };
    const rig = await started({ learners: [bad] });
    const { client } = await rig.connect(0);
    client.report(outcomeNamed('d-0-x'));
    await rig.pass(300);
    expect(rig.events).toContainEqual(
      expect.objectContaining({ kind: 'fault', code: 'BRS_PLUGIN' }),
    );
    expect((await rig.keeper.admin.ledger(null)).requests).toBe(1);
  });

  test('an instance that is down is asked less and less often, and comes back', async () => {
    const asked: number[] = [];
    let isUp = false;
    const down = { ...READY, lifecycle: 'down' as const, reason: 'refused' };
    const rig: KeeperRig = await started({
      probe: async () => {
        asked.push(rigClock());
        return isUp ? READY : down;
      },
    });
    function rigClock(): number {
      return open[0]?.clock.monotonicMs() ?? 0;
    }
    const { client } = await rig.connect(0);
    expect(client.readiness()).toEqual({ isReady: false, reason: 'no instance is ready' });
    await rig.pass(100_000);
    const gaps = asked.slice(2).map((at, i) => at - asked[i + 1]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(36_010);
    expect(gaps.at(-1)!).toBeGreaterThan(20_000);
    expect(asked.length).toBeLessThan(12);
    isUp = true;
    await rig.pass(40_000);
    expect(client.readiness().isReady).toBe(true);
    expect(rig.kinds().filter((kind) => kind === 'instance-state')).toHaveLength(2);
  });

  test('a probe that hangs has no second beside it, and its telemetry grows stale', async () => {
    let probes = 0;
    const rig = await started({
      policy: { instances: ['a@m', 'b@m'] },
      probe: (instance) => {
        if (instance.id === 'b') return Promise.resolve(READY);
        return ++probes === 1 ? Promise.resolve(READY) : new Promise(() => {});
      },
    });
    const { client } = await rig.connect(0);
    expect(client.world().fleet.states[0]!.telemetry.runningRequests).toBe(2);
    await rig.pass(8_000);
    expect(probes).toBe(2);
    const [stale, fresh] = client.world().fleet.states;
    expect(stale!.telemetry.runningRequests).toBeNull();
    expect(fresh!.telemetry.runningRequests).toBe(2);
  });
});
