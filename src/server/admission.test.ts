import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock, Fault } from '../kernel/index.ts';
import type { TenantId } from '../kernel/index.ts';
import type { TenantConfig } from '../contract/index.ts';
import { Ceilings } from './ceilings.ts';
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
      const gate = ceilings.enter(ACME);
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
    ceilings.leave(gate as Exclude<typeof gate, Fault>);
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
