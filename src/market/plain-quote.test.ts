import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Beliefs, FittedLine, FleetSnapshot, LocalLoad } from '../contract/index.ts';
import type { RunningEstimate } from '../contract/index.ts';
import { NO_BELIEFS } from '../contract/index.ts';
import { polledOf } from '../estimate/index.ts';
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

const fitted = (size: number): fc.Arbitrary<FittedLine> => {
  const unit = Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
  return fc.record({
    coefficients: fc.array(amount(500), { minLength: size, maxLength: size }),
    covariance: fc.constant(unit),
    spread: amount(1),
    tail: amount(3),
    drift: fc.constant(0),
    weight: amount(40),
  });
};

const beliefs: fc.Arbitrary<Beliefs> = fc
  .record({
    timing: fc.record({
      ttftMs: fc.option(fitted(6)),
      perTokenMs: fc.option(fitted(3)),
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
  pendingTokens: fc.record({ a: fc.constantFrom(0, 900) }),
  maxLatencyMs: fc.constantFrom(null, 2_000),
});

const polledIn = ({ states }: FleetSnapshot, load: LocalLoad): Map<string, number> =>
  new Map(
    states.map(({ instance: { id }, telemetry }) => [id, polledOf(telemetry, load.inFlight(id))]),
  );

test('what is kept between requests changes no bid', () => {
  const world = fc.record({
    fleets: fc.tuple(fleet, fleet),
    beliefs: fc.tuple(beliefs, beliefs),
    requests: fc.array(request, { minLength: 2, maxLength: 12 }),
  });
  fc.assert(
    fc.property(world, (given) => {
      const house = [createHouseBidder()];
      const fleets = given.fleets.map((states, i) => {
        return viewOf(states.map((state) => ({ ...state, observedAtMs: i }))).fleet;
      });
      let seen = -1;
      let polled = new Map<string, number>();
      for (const { fleet: at, beliefs: of, maxLatencyMs, ...rest } of given.requests) {
        const workload = workloadOf(rest);
        const mandate = mandateOf({ limits: { ...NO_LIMITS, maxLatencyMs } });
        const { load } = viewOf([], rest);
        if (at !== seen) polled = polledIn(fleets[at]!, load);
        seen = at;
        const view = { fleet: fleets[at]!, beliefs: given.beliefs[of]!, load };
        const { bids } = quoteBids(workload, mandate, view, house);
        expect(bids).toEqual(
          instances.map((each) => plainBid([workload, mandate], each, view, polled)),
        );
      }
    }),
  );
});
