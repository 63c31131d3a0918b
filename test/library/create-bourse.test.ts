import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bourse as shouting } from '../../examples/plugin/shouting.ts';
import { createBourse } from '../../src/index.ts';
import type { Bourse, BourseEvent, BourseRequest } from '../../src/index.ts';
import { createRng, createSystemClock } from '../../src/kernel/index.ts';
import { startDemoFleet } from '../../src/simulate/index.ts';
import type { DemoFleet } from '../../src/simulate/index.ts';

let fleet: DemoFleet;
let bourse: Bourse;
const events: BourseEvent[] = [];
const stages = new Set<string>();

beforeAll(async () => {
  fleet = await startDemoFleet({ clock: createSystemClock(), rng: createRng(3), speedup: 50 });
  const serverOf = (id: string) => fleet.servers.find(({ spec }) => spec.id === id)!;
  const [first, second] = [serverOf('tiny'), serverOf('large')];
  bourse = await createBourse(
    {
      version: 1,
      models: [
        {
          id: 'cheap',
          upstreamName: first.spec.model,
          price: { inputPerMTok: 0.1, outputPerMTok: 0.2 },
          accuracy: { default: 0.5 },
        },
        {
          id: 'dear',
          upstreamName: second.spec.model,
          price: { inputPerMTok: 5, outputPerMTok: 9 },
          accuracy: { default: 0.9 },
        },
      ],
      instances: [
        { id: 'a', model: 'cheap', engine: 'simulated', url: first.url },
        { id: 'b', model: 'dear', engine: 'simulated', url: second.url },
      ],
      routes: [
        { name: 'loud', priority: 10, when: { shouting: true }, use: { models: ['dear'] } },
        { name: 'default', use: { models: ['cheap'] } },
      ],
    },
    {
      plugins: [shouting],
      observer: {
        on: (event) => void events.push(event),
        stage: (name) => void stages.add(name),
      },
    },
  );
});
afterAll(async () => {
  await bourse.close();
  await fleet.close();
});

const ask = (content: string): BourseRequest => ({
  body: { model: 'auto', max_tokens: 20, messages: [{ role: 'user', content }] },
});

describe('the library', () => {
  test('decides without serving, and a plugin of the caller steers the policy', async () => {
    const quiet = await bourse.decide(ask('hello'));
    const loud = await bourse.decide(ask('HELLO'));
    expect([quiet.route, quiet.winner]).toEqual(['default', 'a']);
    expect([loud.route, loud.winner]).toEqual(['loud', 'b']);
    expect(loud.signals.find(({ key }) => key === 'shouting')).toMatchObject({ value: true });
    expect(events.filter(({ kind }) => kind === 'settled')).toEqual([]);
  });

  test('serves to a sink: one head, the bytes, one end; and tells the observer', async () => {
    const seen: string[] = [];
    const body = await new Promise<string>((resolve, reject) => {
      const chunks: Buffer[] = [];
      bourse.handle(ask('hello'), {
        onStart: (status, headers) => {
          seen.push(`${status} ${headers['x-bourse-instance']}`);
        },
        onData: (chunk) => {
          chunks.push(chunk);
          return true;
        },
        onEnd: () => resolve(Buffer.concat(chunks).toString()),
        onError: reject,
      });
    });
    expect(seen).toEqual(['200 a']);
    expect(JSON.parse(body)).toMatchObject({ object: 'chat.completion' });
    expect([...stages]).toEqual(
      expect.arrayContaining(['workload', 'policy', 'quotes', 'award', 'settle']),
    );
    while (!events.some(({ kind }) => kind === 'settled')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(events.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
  });

  test('a bad configuration is a coded error with its places', async () => {
    await expect(createBourse({ version: 1, modles: [] })).rejects.toMatchObject({
      code: 'BRS_CONFIG',
      message: expect.stringContaining('modles'),
    });
  });

  test('a fault reaches the sink, not the caller', async () => {
    const error = await new Promise((resolve) => {
      bourse.handle(
        { body: Buffer.from('not json') },
        { onStart: () => {}, onData: () => true, onEnd: () => {}, onError: resolve },
      );
    });
    expect(error).toMatchObject({ code: 'BRS_BODY_NOT_JSON' });
  });
});
