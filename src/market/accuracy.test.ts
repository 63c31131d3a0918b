import { describe, expect, test } from 'vitest';
import { NO_BELIEFS } from '../contract/index.ts';
import type { Award, Beliefs, Mandate, Model, Topic } from '../contract/index.ts';
import { awardBids } from './award.ts';
import { instanceOf, mandateOf, modelOf, stateOf, viewOf, workloadOf } from './fixtures/request.ts';
import { createHouseBidder } from './house-bidder.ts';
import { quoteBids } from './quote-bids.ts';

const NOW = workloadOf().receivedAtMs;
const MATH: Topic = { domain: 'math', band: 'hard', spentMicroseconds: 5 };
const house = [createHouseBidder()];
const dear = {
  price: { inputPicoUsd: 900_000, cachedInputPicoUsd: 90_000, outputPicoUsd: 2_000_000 },
};

const card = (by: number, byDomain: Record<string, number> = {}): Pick<Model, 'accuracy'> => ({
  accuracy: { default: by, byDomain: new Map(Object.entries(byDomain)), questions: 100 },
});

/** Who wins, what its accuracy is believed to be, and how often the topic was read. */
function auction(
  models: Readonly<Record<string, Partial<Model>>>,
  options: { beliefs?: Beliefs; mandate?: Mandate; topic?: Topic; byDifficulty?: boolean } = {},
) {
  let reads = 0;
  const states = Object.entries(models).map(([id, changes]) =>
    stateOf(instanceOf(id, { model: modelOf(id, changes) })),
  );
  const view = {
    ...viewOf(states, { beliefs: options.beliefs ?? NO_BELIEFS }),
    byDifficulty: options.byDifficulty,
    topic: () => {
      reads++;
      return options.topic ?? MATH;
    },
  };
  const mandate = options.mandate ?? mandateOf();
  const { ranked } = awardBids(quoteBids(workloadOf(), mandate, view, house), mandate) as Award;
  return { winner: ranked[0]!.instance.id as string, ranked, reads };
}

const believing = (entries: Readonly<Record<string, readonly [number, number]>>): Beliefs => ({
  ...NO_BELIEFS,
  accuracy: new Map(
    Object.entries(entries).map(([key, [right, wrong]]) => [key, { right, wrong, atMs: NOW }]),
  ),
});
const demanding = mandateOf({
  objective: { usdPerError: 0.05, usdPerSecond: 0, usdPerKilojoule: 0 },
});

describe('what is believed of models decides auctions', () => {
  test('verdicts on a model move its bids, whatever its card says', () => {
    const models = { good: card(0.8), bad: card(0.85) };
    expect(auction(models, { mandate: demanding }).winner).toBe('bad');
    const beliefs = believing({ bad: [20, 180] });
    const { winner, ranked } = auction(models, { beliefs, mandate: demanding });
    expect(winner).toBe('good');
    expect(ranked[1]!.accuracy!.mean).toBeCloseTo((85 + 20) / 300);
    expect(ranked[1]!.terms.error).toBeCloseTo(0.05 * (1 - 105 / 300));
  });

  test('verdicts on a topic count on that topic', () => {
    const models = { a: card(0.8), b: card(0.75) };
    const beliefs = believing({
      a: [100, 60],
      'a|math': [20, 60],
      'a|math|hard': [5, 55],
    });
    expect(auction(models, { beliefs, mandate: demanding }).winner).toBe('b');
    const law: Topic = { domain: 'law', band: 'easy', spentMicroseconds: 1 };
    expect(
      auction({ a: card(0.99), b: card(0.6) }, { beliefs, mandate: demanding, topic: law }).winner,
    ).toBe('a');
  });

  test('the card by domain counts without a verdict', () => {
    const models = { wide: card(0.8), maths: card(0.7, { math: 0.95 }) };
    expect(auction(models, { mandate: demanding }).winner).toBe('maths');
    const unknown: Topic = { domain: null, band: null, spentMicroseconds: 1 };
    expect(auction(models, { mandate: demanding, topic: unknown }).winner).toBe('wide');
  });

  test('a limit on accuracy is held against the topic', () => {
    const mandate = mandateOf({ limits: { ...mandateOf().limits, minAccuracy: 0.6 } });
    const models = { weak: card(0.9, { math: 0.2 }), strong: { ...card(0.85), ...dear } };
    expect(auction(models, { mandate }).winner).toBe('strong');
  });
});

describe('where cards move with difficulty', () => {
  const models = { weak: card(0.5), strong: { ...card(0.8), ...dear } };
  const economy = mandateOf({
    objective: { usdPerError: 0.002, usdPerSecond: 0, usdPerKilojoule: 0 },
  });
  const asked = (chance: number, domain: string | null = null) =>
    auction(models, {
      mandate: economy,
      byDifficulty: true,
      topic: { domain, band: null, chance, spentMicroseconds: 1 },
    });

  test('an easy request goes to the cheap model, and a hard one to the good one', () => {
    expect(asked(0.02).winner).toBe('weak');
    expect(asked(0.9).winner).toBe('strong');
    expect(auction(models, { mandate: economy }).winner).toBe('strong');
  });

  test('the harder, the less likely right; as hard as an exam, what the card says', () => {
    const chances = [0.01, 0.1, 0.3, 0.5, 0.717, 0.9];
    const means = chances.map((chance) => asked(chance).ranked.map((bid) => bid.accuracy!.mean));
    for (let i = 1; i < means.length; i++) {
      expect(Math.max(...means[i]!)).toBeLessThan(Math.max(...means[i - 1]!));
    }
    expect(new Set(means[4])).toEqual(new Set([0.5, 0.8]));
  });

  test('it is not read where it can change nothing', () => {
    const { reads } = auction(
      { a: card(0.7), b: { ...card(0.7), ...dear } },
      { mandate: economy, byDifficulty: true },
    );
    expect(reads).toBe(0);
  });

  test('a limit on accuracy is held against it', () => {
    const limits = { ...economy.limits, minAccuracy: 0.75 };
    const topic: Topic = { domain: null, band: null, chance: 0.03, spentMicroseconds: 1 };
    const { winner } = auction(models, {
      mandate: { ...economy, limits },
      byDifficulty: true,
      topic,
    });
    expect(winner).toBe('weak');
  });

  test('verdicts take over: with many of them, nothing is added for ease', () => {
    const beliefs = believing({ weak: [50_000, 50_000] });
    const topic: Topic = { domain: null, band: null, chance: 0.02, spentMicroseconds: 1 };
    const { ranked } = auction(models, { beliefs, mandate: economy, byDifficulty: true, topic });
    const weak = ranked.find(({ instance }) => instance.id === 'weak')!;
    expect(weak.accuracy!.mean).toBeCloseTo(0.5, 2);
  });
});

describe('the topic is read only where it can change the award', () => {
  const byDomain = { a: card(0.8, { math: 0.5 }), b: card(0.7) };

  test.each([
    ['one placement', { a: byDomain.a }, demanding, 0],
    ['accuracy that depends on no topic', { a: card(0.8), b: card(0.7) }, demanding, 0],
    [
      'an objective without a price of errors',
      byDomain,
      mandateOf({ objective: { usdPerError: 0, usdPerSecond: 1, usdPerKilojoule: 0 } }),
      0,
    ],
    [
      'models that embed',
      { a: { ...byDomain.a, kind: 'embedding' as const }, b: card(0.7) },
      demanding,
      0,
    ],
    ['models that compete', byDomain, demanding, 1],
  ])('%s', (_, models, mandate, reads) => {
    expect(auction(models as Record<string, Partial<Model>>, { mandate }).reads).toBe(reads);
  });

  test('two instances of one model do not compete by accuracy', () => {
    const model = modelOf('m', card(0.8, { math: 0.5 }));
    const states = ['x', 'y'].map((id) => stateOf(instanceOf(id, { model })));
    const view = { ...viewOf(states), topic: (): Topic => expect.unreachable() };
    expect(quoteBids(workloadOf(), demanding, view, house).bids).toHaveLength(2);
  });

  test('verdicts fade with time', () => {
    const beliefs = believing({ a: [0, 100] });
    const states = [stateOf(instanceOf('a', { model: modelOf('a', card(0.9)) }))];
    const meanAt = (receivedAtMs: number): number => {
      const view = { ...viewOf(states, { beliefs }), accuracyHalfLifeMs: 86_400_000 };
      const { bids } = quoteBids(workloadOf({ receivedAtMs }), demanding, view, house);
      return bids[0]!.accuracy!.mean;
    };
    expect(meanAt(NOW)).toBeCloseTo(0.45, 1);
    expect(meanAt(NOW + 10 * 86_400_000)).toBeGreaterThan(0.89);
  });
});
