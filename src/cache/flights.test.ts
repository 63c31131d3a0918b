import { expect, test } from 'vitest';
import { entryNamed } from '../../test/contract/cache-store.contract.ts';
import { createVirtualClock } from '../kernel/index.ts';
import { Flights } from './flights.ts';
import type { RequestKey } from './request-key.ts';

const KEY: RequestKey = {
  scope: 'acme',
  bytes: Buffer.from('the same'),
  contextBytes: 3,
  contextHash: 1,
  hash: 2,
};

function rig() {
  const clock = createVirtualClock();
  const flights = new Flights(clock);
  const landed: (string | null)[] = [];
  const join = (): void => {
    void flights
      .join(KEY)
      ?.then((each) => landed.push(each === null || each === 'private' ? each : each.id));
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { flights, landed, join, pass };
}

test('who waits gets the answer of the first', async () => {
  const { flights, landed, join, pass } = rig();
  expect(flights.join(KEY)).toBeNull();
  flights.lead(KEY, 'first');
  join();
  join();
  flights.land(KEY, 'first', entryNamed('first'));
  await pass(0);
  expect(landed).toEqual(['first', 'first']);
  expect(flights.join(KEY)).toBeNull();
});

test('one goes on when the first fails, and the rest wait for that one', async () => {
  const { flights, landed, join, pass } = rig();
  flights.lead(KEY, 'first');
  join();
  join();
  join();
  flights.land(KEY, 'first', null);
  await pass(0);
  expect(landed).toEqual([null]);
  flights.lead(KEY, 'second');
  await pass(5_000);
  expect(landed).toEqual([null]);
  flights.land(KEY, 'second', entryNamed('second'));
  await pass(0);
  expect(landed).toEqual([null, 'second', 'second']);
});

test('all go on when the one that was sent on does not take the lead', async () => {
  const { flights, landed, join, pass } = rig();
  flights.lead(KEY, 'first');
  join();
  join();
  flights.land(KEY, 'first', null);
  await pass(1_000);
  expect(landed).toEqual([null, null]);
});

test('all go on when the answer is for nobody else', async () => {
  const { flights, landed, join, pass } = rig();
  flights.lead(KEY, 'first');
  join();
  join();
  flights.land(KEY, 'first', 'private');
  await pass(0);
  expect(landed).toEqual(['private', 'private']);
});

test('one leads, and whoever comes first after one that failed', () => {
  const { flights, join } = rig();
  expect(flights.lead(KEY, 'first')).toBe(true);
  expect(flights.lead(KEY, 'first')).toBe(true);
  expect(flights.lead(KEY, 'second')).toBe(false);
  expect(flights.lead({ ...KEY, bytes: Buffer.from('alike') }, 'third')).toBe(false);
  join();
  join();
  flights.land(KEY, 'first', null);
  expect(flights.lead(KEY, 'fourth')).toBe(true);
  expect(flights.lead(KEY, 'second')).toBe(false);
});

test('nobody waits for ever, and a request that does not lead lands nobody', async () => {
  const { flights, landed, join, pass } = rig();
  flights.lead(KEY, 'first');
  join();
  flights.land(KEY, 'a stranger', entryNamed('stranger'));
  await pass(29_000);
  expect(landed).toEqual([]);
  await pass(1_000);
  expect(landed).toEqual([null]);
});

test('a request of another scope that has the same hash changes nothing', async () => {
  const { flights, landed, join, pass } = rig();
  const strange = { ...KEY, scope: 'other', bytes: Buffer.from('made to collide') };
  expect(flights.lead(strange, 'strange')).toBe(true);
  expect(flights.lead(KEY, 'first')).toBe(true);
  join();
  flights.land(strange, 'strange', null);
  flights.land(KEY, 'first', entryNamed('first'));
  await pass(0);
  expect(landed).toEqual(['first']);
});
