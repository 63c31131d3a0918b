import { describe, expect, test } from 'vitest';
import type { Award, InstanceState, MarketView, Mandate, Quotes } from '../contract/index.ts';
import type { SessionPlacement, Workload } from '../contract/index.ts';
import type { InstanceId, SessionId } from '../kernel/index.ts';
import { scanBody } from '../wire/index.ts';
import { awardBids } from './award.ts';
import { createDecisionLog } from './decision-log.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, stateOf } from './fixtures/request.ts';
import { viewOf, workloadOf } from './fixtures/request.ts';

const A = 'a' as InstanceId;
const small = modelOf('small');
const large = modelOf('large');
/** Two of one model, and one of another. */
const STATES = [
  stateOf(instanceOf('a', { model: small })),
  stateOf(instanceOf('b', { model: small })),
  stateOf(instanceOf('c', { model: large })),
];
const session = 's' as SessionId;
const AT_A: SessionPlacement = { instance: A, tokens: 3_000 };

interface Situation {
  readonly workload?: Partial<Workload>;
  readonly states?: readonly InstanceState[];
  readonly changes?: Partial<MarketView>;
  readonly mandate?: Partial<Mandate>;
}

function quotesIn({ workload, states = STATES, changes, mandate }: Situation = {}): Quotes {
  const view = { ...viewOf(states), session: () => AT_A, ...changes };
  const asked = workloadOf({ session, promptBytes: 8_000, ...workload });
  return quoteBids(asked, mandateOf(mandate), view, [createHouseBidder()]);
}
const switchingOf = ({ bids }: Quotes): Record<string, number> =>
  Object.fromEntries(bids.map(({ instance, terms }) => [instance.id, terms.switching]));

const inLoop: Partial<Workload> = { isInToolLoop: () => true };
const continuing: Partial<Workload> = {
  surface: 'responses',
  body: scanBody(Buffer.from('{"model":"auto","input":"x","previous_response_id":"resp_1"}')),
};

describe('what a session loses by moving', () => {
  test('is nothing where it was, and elsewhere its tokens at the rates and in the time of the mover', () => {
    const switching = switchingOf(quotesIn());
    expect(switching['a']).toBe(0);
    // 2 000 prompt tokens, 540 000 pico-USD more each uncached, and 0.2 ms each at 0.0001 USD per second.
    expect(switching['b']).toBeCloseTo((2_000 * 540_000) / 1e12 + 0.4 * 0.0001, 9);
  });

  test('is no more than the session has there', () => {
    const changes = { session: () => ({ instance: A, tokens: 500 }) };
    expect(switchingOf(quotesIn({ changes }))['b']! / switchingOf(quotesIn())['b']!).toBeCloseTo(
      1 / 4,
    );
  });

  test('leaves out what the index shows: that is in the bids themselves', () => {
    const prefixes = (share: number): Partial<MarketView> => ({
      prefix: () => ({ cachedShare: (id) => (id === A ? share : 0) }),
    });
    const most = switchingOf(quotesIn({ changes: prefixes(0.9) }))['b']!;
    expect(most / switchingOf(quotesIn())['b']!).toBeCloseTo(0.1);
    const { bids } = quotesIn({ changes: prefixes(0.9) });
    expect(bids.map(({ cachedTokens }) => cachedTokens)).toEqual([1_800, 0, 0]);
    expect(switchingOf(quotesIn({ changes: prefixes(1) }))['b']).toBe(0);
  });

  test('is in the score, and comes back when the decision is told', () => {
    const { bids } = quotesIn();
    const moved = bids.find(({ instance }) => instance.id === 'b')!;
    const { cost, time, error, energy, lateness, switching, pacing } = moved.terms;
    expect(moved.score).toBeCloseTo(
      cost + time + error + energy + lateness + switching + pacing,
      15,
    );
  });

  test('is nothing without a session, and for embeddings', () => {
    expect(switchingOf(quotesIn({ workload: { session: null } }))['b']).toBe(0);
    const embedder = modelOf('e', { kind: 'embedding' });
    const states = ['a', 'b'].map((id) => stateOf(instanceOf(id, { model: embedder })));
    expect(switchingOf(quotesIn({ states, workload: { surface: 'embeddings' } }))['b']).toBe(0);
  });
});

describe('a session that may not move', () => {
  const busyA = { inFlight: { a: 400 } };
  const crowded = (): Partial<MarketView> => ({ load: viewOf([], busyA).load });

  test('stays in a tool loop, though others are cheaper; the rest of its model are its fallback', () => {
    const quotes = quotesIn({ workload: inLoop, changes: crowded() });
    const award = awardBids(quotes, mandateOf()) as Award;
    expect(award.ranked.map(({ instance }) => instance.id)).toEqual(['a', 'b']);
    expect(award.ranked[0]!.score).toBeGreaterThan(award.ranked[1]!.score);
    expect(award).toMatchObject({ hold: { instance: 'a', by: 'tool-loop' }, clearingScore: null });
    const detail = 'the session is in a tool loop at a';
    expect(award.excluded).toEqual([{ instance: 'c', cause: 'session', detail }]);
  });

  test('stays with the answer that its server keeps, and nobody else can go on', () => {
    const award = awardBids(quotesIn({ workload: continuing }), mandateOf()) as Award;
    expect(award.ranked.map(({ instance }) => instance.id)).toEqual(['a']);
    expect(award.excluded.map(({ instance, cause }) => [instance, cause])).toEqual([
      ['b', 'session'],
      ['c', 'session'],
    ]);
  });

  test.each([
    ['is down', { states: [{ ...STATES[0]!, lifecycle: 'down' as const }, ...STATES.slice(1)] }],
    ['has an open circuit', { changes: { load: viewOf([], { open: ['a'] }).load } }],
    ['is forbidden now', { mandate: { models: new Set([large.id]) } }],
  ])('goes on elsewhere where its instance %s, and that is told', (_, situation) => {
    const quotes = quotesIn({ workload: inLoop, ...situation });
    expect(quotes.hold).toBeUndefined();
    expect(quotes.bids.map(({ instance }) => instance.id)).toContain('c');
    expect(quotes.excluded.find(({ instance }) => instance === 'a')!.detail).toMatch(
      /; the session is in a tool loop there, and goes on elsewhere$/,
    );
  });

  test('may move where its instance breaks a limit', () => {
    const limits = { ...NO_LIMITS, maxLatencyMs: 20_000 };
    const quotes = quotesIn({ workload: inLoop, changes: crowded() });
    const award = awardBids(quotes, mandateOf({ limits })) as Award;
    expect(award.ranked.map(({ instance }) => instance.id)).toEqual(['b']);
    expect(award.hold).toBeUndefined();
  });

  test('is told of in the decision', () => {
    const log = createDecisionLog(4);
    const workload = workloadOf({ session, ...inLoop });
    const view = { ...viewOf(STATES), session: () => AT_A };
    const mandate = mandateOf();
    const result = awardBids(quoteBids(workload, mandate, view, [createHouseBidder()]), mandate);
    const { fleet } = view;
    const signals = { readings: () => [], share: () => ({ topic: null }) };
    const policy = { slots: [], generation: 1, explain: () => ({}) };
    log.remember({ workload, policy, signals, fleet, mandate, hit: null, result } as never);
    expect(log.view(workload.id)).toMatchObject({ heldBy: 'tool-loop', winner: 'a' });
  });
});
