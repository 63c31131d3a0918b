import { describe, expect, test } from 'vitest';
import { createRng } from '../kernel/index.ts';
import { RiskControl } from './risk-control.ts';

/** Candidates whose log-odds say what they say, or more than that: `P(same) = 1 / (1 + e^(shift − slope·logOdds))`. */
function stream(
  options: { readonly maxErrorRate: number; readonly slope: number; readonly shift: number },
  seed: number,
  requests: number,
) {
  const rng = createRng(seed);
  const risk = new RiskControl({ maxErrorRate: options.maxErrorRate, exploreRatio: 0.05 });
  let wrong = 0;
  for (let i = 0; i < requests; i++) {
    const logOdds = (rng.next() + rng.next() + rng.next()) * 5 - 6;
    const isSame = rng.next() < 1 / (1 + Math.exp(options.shift - options.slope * logOdds));
    risk.countRequest();
    const choice = risk.choose(logOdds, rng.next());
    if (choice === 'serve') {
      risk.served(risk.wrongOf(logOdds));
      if (!isSame) wrong++;
    } else {
      risk.learn(logOdds, isSame, choice === 'explore');
    }
  }
  return { wrong: wrong / requests };
}

describe('an error bound', () => {
  test.each([
    { what: 'that are right', slope: 1, shift: 0 },
    { what: 'that say too much', slope: 0.4, shift: 0.5 },
    { what: 'that say too little', slope: 1.5, shift: -0.5 },
  ])('holds in 19 of 20 streams with log-odds $what, and is used', ({ slope, shift }) => {
    for (const maxErrorRate of [0.01, 0.05]) {
      const runs = Array.from({ length: 40 }, (_, seed) =>
        stream({ maxErrorRate, slope, shift }, seed + 1, 4_000),
      );
      const broken = runs.filter(({ wrong }) => wrong > maxErrorRate);
      expect(broken.length / runs.length).toBeLessThanOrEqual(0.05);
      const mean = runs.reduce((sum, { wrong }) => sum + wrong, 0) / runs.length;
      expect(mean).toBeGreaterThan(0.4 * maxErrorRate);
    }
  });

  test('what changes later is noticed: what was right turns wrong', () => {
    const rng = createRng(8);
    const risk = new RiskControl({ maxErrorRate: 0.05, exploreRatio: 0.1 });
    let wrong = 0;
    for (let i = 0; i < 8_000; i++) {
      risk.countRequest();
      const isSame = i < 2_000;
      const choice = risk.choose(4, rng.next());
      if (choice !== 'serve') risk.learn(4, isSame, choice === 'explore');
      else {
        risk.served(risk.wrongOf(4));
        if (!isSame) wrong++;
      }
    }
    expect(wrong / 8_000).toBeLessThanOrEqual(0.06);
  });
});
