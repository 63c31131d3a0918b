import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Beliefs, RunningEstimate } from '../contract/index.ts';
import { NO_BELIEFS } from '../contract/index.ts';
import type { InstanceId } from '../kernel/index.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';
import { plainBid } from './fixtures/plain-quote.ts';
import { instanceOf, mandateOf, modelOf, NO_LIMITS, stateOf } from './fixtures/request.ts';
import { viewOf, workloadOf } from './fixtures/request.ts';

const models = [modelOf('m'), modelOf('n', { accuracy: { default: 0.9, byDomain: new Map() } })];
const instances = ['a', 'b', 'c'].map((id, i) => instanceOf(id, { model: models[i % 2]! }));

const amount = (max: number) => fc.double({ min: 0.1, max, noNaN: true });
const running = (max: number): fc.Arbitrary<RunningEstimate> =>
  fc.record({ mean: amount(max), variance: amount(max), weight: amount(40) });

const beliefs: fc.Arbitrary<Beliefs> = fc
  .record({
    timing: fc.record({
      ttftBaseMs: fc.option(running(500)),
      prefillTokensPerSecond: fc.option(running(10_000)),
      perTokenMs: fc.option(running(50)),
      cachedRatio: fc.option(running(1)),
    }),
    outputTokens: running(500),
    bytesPerToken: running(6),
  })
  .map(({ timing, outputTokens, bytesPerToken }) => ({
    ...NO_BELIEFS,
    timing: new Map(['a', 'b'].map((id) => [id as InstanceId, timing])),
    outputTokens: new Map([['m|chat|single|balanced', outputTokens]]),
    bytesPerToken: new Map([['acme|n', bytesPerToken]]),
  }));

const fleet = fc
  .record({
    runningRequests: fc.option(fc.nat(100)),
    waitingRequests: fc.option(fc.nat(20)),
    kvUsageRatio: fc.option(amount(1)),
  })
  .map((telemetry) => instances.map((instance) => stateOf(instance, { telemetry })));

/** Few values of each, so that one request often shares what the last one needed. */
const request = fc.record({
  fleet: fc.nat(1),
  beliefs: fc.nat(1),
  promptBytes: fc.constantFrom(400, 9_000),
  outputCeilingTokens: fc.constantFrom(null, 20, 300),
  choices: fc.constantFrom(1, 2),
  inFlight: fc.record({ a: fc.nat(70), b: fc.nat(1) }),
  maxLatencyMs: fc.constantFrom(null, 2_000),
});

test('what is kept between requests changes no bid', () => {
  const world = fc.record({
    fleets: fc.tuple(fleet, fleet),
    beliefs: fc.tuple(beliefs, beliefs),
    requests: fc.array(request, { minLength: 2, maxLength: 12 }),
  });
  fc.assert(
    fc.property(world, (given) => {
      const house = [createHouseBidder()];
      const fleets = given.fleets.map((states) => viewOf(states).fleet);
      for (const { fleet: at, beliefs: of, inFlight, maxLatencyMs, ...rest } of given.requests) {
        const workload = workloadOf(rest);
        const mandate = mandateOf({ limits: { ...NO_LIMITS, maxLatencyMs } });
        const { load } = viewOf([], { inFlight });
        const view = { fleet: fleets[at]!, beliefs: given.beliefs[of]!, load };
        const { bids } = quoteBids(workload, mandate, view, house);
        expect(bids).toEqual(instances.map((each) => plainBid(workload, mandate, each, view)));
      }
    }),
  );
});
