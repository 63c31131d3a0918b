import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock, fault, Fault } from '../kernel/index.ts';
import type { TenantId } from '../kernel/index.ts';
import type { SharedRate, TenantConfig } from '../contract/index.ts';
import { Ceilings } from './ceilings.ts';
import type { TenantGate } from './ceilings.ts';
import {
  errorOf,
  send,
  startRig,
  stopRigs,
  testConfig,
  until,
} from './fixtures/model-server-rig.ts';

afterEach(stopRigs);

const tenant = (id: string, limits: Partial<TenantConfig> = {}): TenantConfig => ({
  id,
  mode: null,
  weights: null,
  concurrency: null,
  requestsPerMinute: null,
  ...limits,
});
const ACME = 'acme' as TenantId;

describe('ceilings', () => {
  test('requests per minute: a full bucket at first, then one token per interval', () => {
    const clock = createVirtualClock();
    const ceilings = new Ceilings(clock);
    ceilings.configure(testConfig({ tenants: [tenant('acme', { requestsPerMinute: 6 })] }));
    const take = (): boolean => {
      const gate = ceilings.enter(ACME) as TenantGate | Fault;
      if (gate instanceof Fault) return false;
      ceilings.leave(gate);
      return true;
    };
    expect(Array.from({ length: 7 }, take)).toEqual([true, true, true, true, true, true, false]);
    const refused = ceilings.enter(ACME);
    expect(refused).toMatchObject({ code: 'BRS_RATE', retryAfterSeconds: 10 });
    clock.advance(10_000);
    expect([take(), take()]).toEqual([true, false]);
    clock.advance(3_600_000);
    expect(Array.from({ length: 7 }, take).filter(Boolean).length).toBe(6);
  });

  test('a refused request holds nothing', () => {
    const ceilings = new Ceilings(createVirtualClock());
    ceilings.configure(testConfig({ tenants: [tenant('acme', { concurrency: 1 })] }));
    const gate = ceilings.enter(ACME);
    for (let i = 0; i < 5; i++) {
      expect(ceilings.enter(ACME)).toMatchObject({ code: 'BRS_CONCURRENCY', httpStatus: 429 });
    }
    expect(ceilings.enter('other' as TenantId)).not.toBeInstanceOf(Fault);
    ceilings.leave(gate as TenantGate);
    expect(ceilings.enter(ACME)).not.toBeInstanceOf(Fault);
    expect(ceilings.inFlight).toBe(2);
  });

  test('the limits of * hold for each tenant without an entry; a reload changes them in place', () => {
    const ceilings = new Ceilings(createVirtualClock());
    ceilings.configure(testConfig({ tenants: [tenant('*', { concurrency: 1 })] }));
    expect(ceilings.enter(ACME)).not.toBeInstanceOf(Fault);
    expect(ceilings.enter(ACME)).toBeInstanceOf(Fault);
    ceilings.configure(testConfig({ tenants: [tenant('*', { concurrency: 2 })] }));
    expect(ceilings.enter(ACME)).not.toBeInstanceOf(Fault);
    expect(ceilings.enter(ACME)).toBeInstanceOf(Fault);
  });
});

/** A rate whose answers the test gives. */
class AskedRate implements SharedRate {
  readonly waiting: ((waitMs: number) => void)[] = [];
  readonly lost: ((error: unknown) => void)[] = [];
  readonly names: string[] = [];
  admit(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      this.lost.push(reject);
    });
  }
  hasRoom = (): boolean => false;
  roomAfterMs = (): number => 0;
  take = (): void => {};
  of = (name: string, { requests }: { readonly requests: number }): SharedRate => {
    this.names.push(`${name} ${requests}`);
    return this;
  };
}

describe('a rate that workers share', () => {
  const limited = [tenant('*', { requestsPerMinute: 60 })];

  test('is asked for by tenant, and a request that asks counts as in flight', async () => {
    const rate = new AskedRate();
    const ceilings = new Ceilings(createVirtualClock(), rate);
    ceilings.configure(
      testConfig({ tenants: [tenant('*', { requestsPerMinute: 60, concurrency: 2 })] }),
    );
    const [first, second] = [ceilings.enter(ACME), ceilings.enter(ACME)];
    expect(rate.names).toEqual(['tenant/acme 60']);
    expect(ceilings.enter(ACME)).toMatchObject({ code: 'BRS_CONCURRENCY' });
    rate.waiting[0]!(0);
    rate.waiting[1]!(1_500);
    expect(await first).toMatchObject({ tenant: 'acme', inFlight: 1 });
    expect(await second).toMatchObject({ code: 'BRS_RATE', retryAfterSeconds: 2 });
    expect(ceilings.inFlight).toBe(1);
    const third = ceilings.enter(ACME);
    rate.lost[2]!(new Error('gone'));
    await expect(third).rejects.toThrow('gone');
    expect(ceilings.inFlight).toBe(1);
  });

  test('a body that comes before the answer is read after it, and whole', async () => {
    const rate = new AskedRate();
    const rig = await startRig({ tenants: limited, rates: rate });
    const body = JSON.stringify({ text: 'x'.repeat(300_000) });
    const answer = send(rig, { body });
    await until(() => rate.waiting.length === 1);
    expect(rig.ingresses).toHaveLength(0);
    rate.waiting[0]!(0);
    expect(JSON.parse((await answer).text)).toEqual({ bytes: body.length });
    expect(rig.server.openRequests).toBe(0);
  });

  test('refused, it says when to come back; without its keeper it is unavailable', async () => {
    const rate = new AskedRate();
    const rig = await startRig({ tenants: limited, rates: rate });
    const refused = send(rig, { body: '{}' });
    await until(() => rate.waiting.length === 1);
    rate.waiting[0]!(4_200);
    expect(errorOf(await refused).code).toBe('BRS_RATE');
    expect((await refused).headers['retry-after']).toBe('5');
    const feedback = send(rig, { path: '/v1/feedback', body: '{}' });
    await until(() => rate.lost.length === 2);
    rate.lost[1]!(fault('BRS_KEEPER_LOST'));
    expect((await feedback).status).toBe(503);
    expect(rig.ingresses).toHaveLength(0);
  });

  test('a client that leaves while it waits is let go, and its turn is not kept', async () => {
    const rate = new AskedRate();
    const rig = await startRig({
      tenants: [tenant('*', { requestsPerMinute: 60, concurrency: 1 })],
      rates: rate,
    });
    const socket = connect(rig.port, '127.0.0.1');
    socket.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}',
    );
    await until(() => rate.waiting.length === 1);
    socket.destroy();
    await once(socket, 'close');
    // The server has heard of it by the time that it hears of the next connection.
    const other = send(rig, { body: '{}' });
    expect((await other).status).toBe(429);
    rate.waiting[0]!(0);
    const next = send(rig, { body: '{}' });
    await until(() => rate.waiting.length === 2);
    rate.waiting[1]!(0);
    expect((await next).status).toBe(200);
    expect(rig.ingresses).toHaveLength(1);
  });
});

describe('over HTTP', () => {
  test('overload sheds with 429 and Retry-After, and lets in again', async () => {
    const held: (() => void)[] = [];
    const rig = await startRig({
      limits: { concurrency: 1 },
      director: (_ingress, sink, flow) => {
        held.push(() => {
          sink.onStart(200, { 'content-type': 'application/json' }, flow);
          sink.onEnd();
        });
      },
    });
    const first = send(rig, { body: '{}' });
    await until(() => held.length === 1);
    const second = await send(rig, { body: '{}' });
    expect([second.status, errorOf(second).code]).toEqual([429, 'BRS_OVERLOADED']);
    expect(second.headers['retry-after']).toBe('1');
    expect(rig.refused.map(({ code }) => code)).toEqual(['BRS_OVERLOADED']);
    held[0]!();
    expect((await first).status).toBe(200);
    const third = send(rig, { body: '{}' });
    await until(() => held.length === 2);
    held[1]!();
    expect((await third).status).toBe(200);
  });

  test('a reload changes the keys at once, and never opens a server beyond loopback', async () => {
    const rig = await startRig({ keys: ['old'] });
    const ask = async (key?: string): Promise<number> => {
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      return (await send(rig, { headers, body: '{}' })).status;
    };
    expect([await ask('old'), await ask('new'), await ask()]).toEqual([200, 401, 401]);
    rig.setConfig(testConfig({ keys: ['new'] }));
    expect([await ask('old'), await ask('new'), await ask()]).toEqual([401, 200, 401]);
    rig.setConfig(testConfig());
    expect(await ask()).toBe(200);

    const open = await startRig({ keys: ['key'], host: '0.0.0.0' });
    open.setConfig(testConfig({ host: '0.0.0.0' }));
    const answer = await send(open, { body: '{}' });
    expect([answer.status, errorOf(answer).code]).toEqual([401, 'BRS_KEY_MISSING']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each(['0.0.0.0', '::', 'example.com', '127.0.0.1.example.com', '10.0.0.1'])(
    'without keys nothing listens on %s',
    async (host) => {
      await expect(startRig({ host })).rejects.toMatchObject({ code: 'BRS_UNPROTECTED' });
    },
  );

  test('a port that is taken is a coded error', async () => {
    const rig = await startRig();
    const config = testConfig();
    const { createModelServer } = await import('./model-server.ts');
    const server = { ...config.server, port: rig.port };
    const taken = createModelServer({
      route: null as never,
      config: () => ({ ...config, server }),
      metrics: () => Promise.resolve(''),
      readiness: () => ({ isReady: true, reason: null }),
      feedback: () => Promise.resolve({ kind: 'unknown' }),
      clock: createVirtualClock(),
      log: null as never,
    });
    await expect(taken.listen()).rejects.toMatchObject({ code: 'BRS_LISTEN' });
  });
});
