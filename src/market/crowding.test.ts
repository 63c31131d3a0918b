import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Beliefs, Bid, Demand } from '../contract/index.ts';
import { COLD_TIMING } from '../estimate/index.ts';
import { instanceOf, mandateOf, stateOf, viewOf, workloadOf } from './fixtures/request.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';

const NOW_MS = 1_700_000_000_000;
const DEMAND: Demand = { requests: 400, tokens: 400_000, sinceMs: NOW_MS - 600_000, atMs: NOW_MS };
const A = instanceOf('a');
const B = instanceOf('b');
const instances = [A, B];

const believing = (demand: Demand | null): Beliefs => ({
  ...NO_BELIEFS,
  timing: new Map(instances.map(({ id }) => [id, { ...COLD_TIMING, demand }])),
});

function bidsFor(
  promptBytes: number,
  demand: Demand | null,
  pendingTokens: Readonly<Record<string, number>> = {},
): readonly Bid[] {
  const states = instances.map((each) => stateOf(each));
  const view = viewOf(states, { beliefs: believing(demand), pendingTokens });
  return quoteBids(workloadOf({ promptBytes }), mandateOf(), view, [createHouseBidder()]).bids;
}

describe('crowding', () => {
  test('costs nothing where nobody comes, and is priced as time where they do', () => {
    expect(bidsFor(40_000, null)[0]!.terms.crowding).toBe(0);
    const [bid] = bidsFor(40_000, DEMAND);
    const { usdPerSecond } = mandateOf().objective;
    expect(bid!.crowdMs).toBeGreaterThan(0);
    expect(bid!.terms.crowding).toBeCloseTo((usdPerSecond * bid!.crowdMs!) / 1000, 15);
    expect(bid!.score).toBeCloseTo(
      Object.values(bid!.terms).reduce((sum, term) => sum + term, 0),
      12,
    );
  });

  test('weighs a backlog by the length of the prompt that joins it', () => {
    const dearer = (promptBytes: number): number => {
      const [busy, idle] = bidsFor(promptBytes, DEMAND, { a: 20_000 });
      return busy!.crowdMs! - idle!.crowdMs!;
    };
    expect(dearer(400)).toBeGreaterThan(0);
    expect(dearer(40_000)).toBeGreaterThan(50 * dearer(400));
  });

  test('no bid depends on whether another may bid', () => {
    const both = bidsFor(40_000, DEMAND, { a: 5_000 });
    const view = viewOf([stateOf(A), stateOf(B)], {
      beliefs: believing(DEMAND),
      pendingTokens: { a: 5_000 },
      open: ['b'],
    });
    const alone = quoteBids(workloadOf({ promptBytes: 40_000 }), mandateOf(), view, [
      createHouseBidder(),
    ]).bids;
    expect(alone).toHaveLength(1);
    expect(alone[0]!.score).toBe(both[0]!.score);
  });
});
