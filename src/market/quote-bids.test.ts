import { describe, expect, test } from 'vitest';
import type { Bidder, Exclusion, Mandate, Quote, Workload } from '../contract/index.ts';
import { NO_BELIEFS } from '../contract/index.ts';
import type { InstanceId, ModelId } from '../kernel/index.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import {
  instanceOf,
  mandateOf,
  modelOf,
  ruleAgainst,
  stateOf,
  viewOf,
} from './fixtures/request.ts';
import { workloadOf } from './fixtures/request.ts';
import type { ViewChanges } from './fixtures/request.ts';

const house = [createHouseBidder()];
const a = stateOf(instanceOf('a'));

interface Asked {
  readonly workload?: Partial<Workload>;
  readonly mandate?: Partial<Mandate>;
  readonly view?: ViewChanges;
}

function excludedFrom(
  state: typeof a,
  { workload, mandate, view }: Asked = {},
): Exclusion | undefined {
  const { bids, excluded } = quoteBids(
    workloadOf(workload),
    mandateOf(mandate),
    viewOf([state], view),
    house,
  );
  expect(bids.length + excluded.length).toBe(1);
  return excluded[0];
}

describe('who may bid', () => {
  test('a ready instance may', () => {
    expect(excludedFrom(a)).toBeUndefined();
  });

  test('an embedding model serves embeddings, and nothing else does', () => {
    const encoder = stateOf(instanceOf('e', { model: modelOf('bge', { kind: 'embedding' }) }));
    expect(excludedFrom(encoder)).toMatchObject({ instance: 'e', cause: 'capability' });
    expect(excludedFrom(a, { workload: { surface: 'embeddings' } })).toMatchObject({
      cause: 'capability',
    });
    expect(excludedFrom(encoder, { workload: { surface: 'embeddings' } })).toBeUndefined();
  });

  test('only the models of the mandate', () => {
    const models = new Set(['other' as ModelId]);
    expect(excludedFrom(a, { mandate: { models } })).toMatchObject({ cause: 'model' });
  });

  test('a constraint bars, and is named', () => {
    expect(excludedFrom(a, { mandate: { rules: [ruleAgainst('a')] } })).toEqual({
      instance: 'a',
      cause: 'constraint',
      detail: 'stays-home: require site: on-prem',
    });
  });

  test('one that is down, draining or silent after having been seen does not', () => {
    for (const lifecycle of ['down', 'draining', 'unknown'] as const) {
      const state = stateOf(instanceOf('a'), { lifecycle, reason: 'no answer' });
      expect(excludedFrom(state)).toEqual({
        instance: 'a',
        cause: 'lifecycle',
        detail: 'no answer',
      });
    }
    expect(
      excludedFrom(stateOf(instanceOf('a'), { lifecycle: 'unknown', observedAtMs: null })),
    ).toBeUndefined();
  });

  test('an open circuit bars', () => {
    expect(excludedFrom(a, { view: { open: ['a'] } })).toMatchObject({ cause: 'circuit' });
  });

  test('the prompt and a useful answer have to fit in the window', () => {
    const small = stateOf(instanceOf('a', { model: modelOf('m', { contextWindowTokens: 110 }) }));
    const workload = { promptBytes: 400 };
    expect(excludedFrom(small, { workload })).toMatchObject({ cause: 'context-window' });
    expect(
      excludedFrom(small, { workload: { ...workload, outputCeilingTokens: 10 } }),
    ).toBeUndefined();
  });

  test('permanent causes are told before passing ones', () => {
    const down = stateOf(instanceOf('a'), { lifecycle: 'down' });
    const asked = { mandate: { rules: [ruleAgainst('a')] }, view: { open: ['a'] } };
    expect(excludedFrom(down, asked)).toMatchObject({ cause: 'constraint' });
  });
});

describe('who speaks for an instance', () => {
  const [ownQuote] = quoteBids(workloadOf(), mandateOf(), viewOf([a]), house).bids;

  const bidder = (quote: (house: Quote) => Quote | null): Bidder => ({
    apiVersion: 1,
    name: 'theirs',
    quote: () => quote(ownQuote!),
  });
  const quotedBy = (theirs: Bidder) =>
    quoteBids(workloadOf(), mandateOf(), viewOf([a]), [...house, theirs]).bids[0]!;

  test('the last that quotes; accuracy and score are the market’s', () => {
    const flattering = { ...ownQuote!, accuracy: { mean: 1, deviation: 0 }, score: -1 };
    const bid = quotedBy(bidder(() => ({ ...flattering, costUsd: { mean: 1e-9, deviation: 0 } })));
    expect(bid.costUsd!.mean).toBe(1e-9);
    expect(bid.accuracy!.mean).toBe(0.7);
    expect(bid.score).toBeCloseTo(ownQuote!.score - ownQuote!.terms.cost + 1e-9, 12);
  });

  test('not one that throws, declines, quotes nonsense or somebody else', () => {
    const other = instanceOf('other');
    const silent: Bidder[] = [
      bidder(() => null),
      bidder(() => {
        throw new Error('no');
      }),
      bidder((quote) => ({ ...quote, costUsd: { mean: Number.NaN, deviation: 0 } })),
      bidder((quote) => ({ ...quote, latencyMs: { mean: -5, deviation: 0 } })),
      bidder((quote) => ({ ...quote, ttftMs: { mean: 5, deviation: Infinity } })),
      bidder((quote) => ({ ...quote, instance: other })),
    ];
    for (const each of silent) expect(quotedBy(each)).toEqual(ownQuote);
  });

  test('a failure of the house bidder itself is not hidden', () => {
    const archetype = (): never => {
      throw new Error('the body is malformed');
    };
    const run = () => quoteBids(workloadOf({ archetype }), mandateOf(), viewOf([a]), house);
    expect(run).toThrow('the body is malformed');
  });

  test('an instance that nobody quotes is excluded', () => {
    const quotes = quoteBids(workloadOf(), mandateOf(), viewOf([a]), []);
    expect(quotes).toMatchObject({ bids: [], excluded: [{ cause: 'capability' }] });
  });

  test('whoever quotes is held to the record of the instance, which fades', () => {
    const record = { latencyRatio: 2, failureRatio: 0.5, observations: 9, atMs: 1_700_000_000_000 };
    const reputation = new Map([['a' as InstanceId, record]]);
    const held = (receivedAtMs: number) =>
      quoteBids(
        workloadOf({ receivedAtMs }),
        mandateOf(),
        viewOf([a], { beliefs: { ...NO_BELIEFS, reputation } }),
        house,
      ).bids[0]!;
    const fresh = held(record.atMs);
    expect(fresh.latencyMs.mean).toBeCloseTo(ownQuote!.latencyMs.mean * 4, 6);
    expect(fresh.ttftMs.deviation).toBeGreaterThan(ownQuote!.ttftMs.deviation * 4);
    expect(fresh.terms.time).toBeCloseTo(ownQuote!.terms.time * 4, 9);
    expect(held(record.atMs + 3_600_000).latencyMs.mean / ownQuote!.latencyMs.mean).toBeCloseTo(
      1,
      2,
    );
  });
});
