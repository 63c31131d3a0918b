import { expect, test } from 'vitest';
import { DECISION_VIEW } from './fixtures/decision-view.ts';
import { renderDecision } from './render-decision.ts';

test('a decision reads as a table of what was seen, decided, offered and done', () => {
  expect(renderDecision(DECISION_VIEW)).toMatchInlineSnapshot(`
    "d-0-abcdefghijkl0  auto → large-1
      at 2026-11-21T08:00:00.000Z · chat · tenant acme · 412 bytes · chat|single|balanced
      route hard-math · mode accuracy · policy generation 3
      objective usdPerError 0.05 · usdPerSecond 0.001 · usdPerKilojoule 0.00001

    Signals
      signal         cost   value         confidence     took
      keyword:titan  scan   true                1.00   1.3 µs
      language       text   unknown             0.00  12.0 µs  the text is too short
      domain         model  never needed

    Rules
      constraints (all that match apply)
        yes      titan-stays-on-prem: require site on-prem
      routes (the first that matches decides)
        yes      hard-math
          yes      any
            yes      keyword titan
            -        domain math
        unknown  german

    Bids, best first: scores and their terms in µUSD (lower is better)
      #  instance  model          score  lost by  = cost   + time   + error  + energy  + lateness  + switching
      1  large-1   llama-70b   16220.00      won  120.00  2100.00  14000.00      0.00        0.00         0.00
      2  cloud     gpt-5-mini  20000.00  3780.00    0.00  1500.00  18500.00      0.00        0.00         0.00

    What was offered (mean ± deviation)
      #  instance       cost µUSD   TTFT ms    total ms     accuracy      energy J  load price  tokens in (cached) → out
      1  large-1   120.00 ± 20.00  180 ± 40  2100 ± 300  0.72 ± 0.03  310.0 ± 50.0        1.10       120 (64) → 150 ± 60
      2  cloud            unknown       400        1500      unknown       unknown        1.00            120 → 150 ± 60
      clearing score 20000.00 µUSD

    Not allowed to win
      instance  because
      small-1   constraint  require site: on-prem

    Outcome
      ok (200) by large-1 · first token 171 ms · total 1980 ms
      121 tokens in (64 cached), 140 out · 118.00 µUSD · 295.5 J (curve)
      tried large-2: connect
      tried large-1: ok"
  `);
});

test('a refusal says why', () => {
  const refusal = { reason: 'limit-unmeetable', message: 'The nearest miss is large-1: 180 ms.' };
  const view = { ...DECISION_VIEW, refusal, bids: [], winner: null, outcome: null };
  const text = renderDecision(view);
  expect(text).toContain('auto → refused: limit-unmeetable\n');
  expect(text).toContain('The nearest miss is large-1: 180 ms.');
  expect(text).toContain('Bids: none');
});

test("a client's text cannot steer the terminal", () => {
  const view = { ...DECISION_VIEW, requestedModel: '\u001b[2J\u009b31mevil\u202e\nx' };
  expect(renderDecision(view)).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}/u);
  expect(renderDecision(view).split('\n')[0]).toContain('evil??x');
});
