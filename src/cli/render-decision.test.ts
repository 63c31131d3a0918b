import { describe, expect, test } from 'vitest';
import type { DecisionView, RuleNode } from '../contract/index.ts';
import { DECISION_VIEW } from './fixtures/decision-view.ts';
import { renderDecision } from './render-decision.ts';

test('a decision reads as what was asked, decided, read, injected, offered and done', () => {
  expect(renderDecision(DECISION_VIEW)).toMatchInlineSnapshot(`
    "d-0-abcdefghijkl0  auto → large-1 (llama-70b)
      at 2026-11-21T08:00:00.000Z · chat · tenant acme · 412 bytes · chat|single|balanced
      route hard-math · mode accuracy · policy generation 3
      priced at 0.05 USD per error, 0.001 per second, 0.00001 per kJ

    Rules, in the order of evaluation
      constraints: all that match apply
      └─ yes titan-stays-on-prem: require site: on-prem when keyword: titan  true                            scan        1.3 µs
      routes: the first that matches decides
      ├─ yes hard-math when any of
      │  ├─ yes keyword: titan                                               true                            read above
      │  └─ not needed: domain: math
      ├─ ?   german when language: de                                        unknown: the text is too short  text         12 µs
      └─ not tried: default
      never read: domain

    Injected
      system prompt (prepend): You are a mathematician. Show each step.
      output limit: what 95 % of answers need, times 1.2
      reasoning high, as each model is told it
      /temperature: 0.2
        large-1: chat_template_kwargs.enable_thinking: true, at most 900 output tokens
        cloud: reasoning left alone, no output limit

    Tools
      constraint no-shell: tools deny shell
      cut shell: constraint no-shell
      … and 2 more cut

    Bids, best first: scores and their terms in µUSD (lower is better)
      #  instance  model          score  lost by  = cost   + time   + error
      1  large-1   llama-70b   16220.00      won  120.00  2100.00  14000.00
      2  cloud     gpt-5-mini  20000.00  3780.00    0.00  1500.00  18500.00

    What was offered (mean ± deviation)
      #  instance       cost µUSD   TTFT ms    total ms     accuracy      energy J  load price  tokens in (cached) → out
      1  large-1   120.00 ± 20.00  180 ± 40  2100 ± 300  0.72 ± 0.03  310.0 ± 50.0        1.10       120 (64) → 150 ± 60
      2  cloud            unknown       400        1500      unknown       unknown        1.00            120 → 150 ± 60
      clearing score 20000.00 µUSD

    Not allowed to win
      constraint: require site: on-prem  small-1, small-3
      lifecycle: connect refused  small-2

    Outcome
      ok (200) by large-1 · first token 171 ms · total 1980 ms
      121 tokens in (64 cached), 140 out · 118.00 µUSD · 295.5 J (curve)
      tried large-2: connect
      tried large-1: ok"
  `);
});

test('a narrow terminal gets lines that fit it', () => {
  const text = renderDecision(DECISION_VIEW, { columns: 80, hasColor: false });
  const [, ...lines] = text.slice(text.indexOf('Rules')).split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatch(/titan-stays-on-prem: require site: on-prem\n +└─ yes keyword: titan +true/);
  expect(text).toContain('won');
});

test('colours only where the terminal has them', () => {
  const escape = '\u001b[';
  expect(renderDecision(DECISION_VIEW, { columns: 80, hasColor: true })).toContain(escape);
  expect(renderDecision(DECISION_VIEW, { columns: 80, hasColor: false })).not.toContain(escape);
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

describe('the tree', () => {
  const leaf = (text: string, value: RuleNode['value'], slot = 0): RuleNode => ({
    text,
    value,
    slot,
    children: [],
  });
  const rulesOf = (routes: readonly RuleNode[], more: Partial<DecisionView> = {}): string[] => {
    const view = { ...DECISION_VIEW, ...more, rules: { constraints: [], routes } };
    const text = renderDecision(view);
    return text.slice(text.indexOf('routes')).split('\n\n')[0]!.split('\n').slice(1, -1);
  };

  test('what one condition settled stands in one line, what several did in a tree', () => {
    const all = (...children: RuleNode[]): RuleNode => ({ text: 'all', value: false, children });
    const lines = rulesOf([
      { text: 'a', value: false, children: [all(leaf('x', false), leaf('y', undefined))] },
      { text: 'b', value: false, children: [all(leaf('x', true), leaf('y', false))] },
      {
        text: 'c',
        value: true,
        children: [{ text: 'not', value: true, children: [leaf('z', false)] }],
      },
      { text: 'd', value: undefined, children: [] },
    ]);
    expect(lines.map((line) => line.replace(/ {2,}(true|read).*/, ''))).toEqual([
      '  ├─ no  a when x (of all 2)',
      '  ├─ no  b when all of',
      '  │  ├─ yes x',
      '  │  └─ no  y',
      '  ├─ yes c when not z',
      '  └─ not tried: d',
    ]);
  });

  test('a signal tells its cost where it was read first', () => {
    const lines = rulesOf([
      { text: 'a', value: false, children: [leaf('x', false)] },
      { text: 'b', value: true, children: [leaf('x', true)] },
    ]);
    expect(lines[0]).toMatch(/a when x +true +scan +1\.3 µs$/);
    expect(lines[1]).toMatch(/b when x +true +read above$/);
  });

  test('a surer reading stands for the doubtful one, and both are paid for', () => {
    const [fast, , deep] = DECISION_VIEW.signals;
    const signals = [
      { ...fast!, key: 'domain', cost: 'text', value: { law: 0.4, math: 0.6 }, confidence: 0.6 },
      { ...fast!, key: 'domain.deep', cost: 'model', value: { math: 0.9 }, spentMicroseconds: 999 },
      deep!,
    ];
    const asked: RuleNode = { ...leaf('domain: math', true), surerSlot: 1 };
    const lines = rulesOf([{ text: 'a', value: true, children: [asked] }], { signals });
    expect(lines[0]).toMatch(/math 0\.90 +text, model +1\.0 ms$/);
    const open: RuleNode = { ...leaf('domain: math', null), isDoubtful: true };
    const doubt = rulesOf([{ text: 'a', value: null, isDoubtful: true, children: [open] }], {
      signals,
    });
    expect(doubt[0]).toMatch(/~ +a when domain: math +math 0\.60, law 0\.40, doubtful/);
  });

  test('an assumption is shown as one, and costs nothing', () => {
    const signals = DECISION_VIEW.signals.map((signal) => ({
      ...signal,
      isAssumed: true as const,
    }));
    const lines = rulesOf([{ text: 'a', value: true, children: [leaf('x', true)] }], { signals });
    expect(lines[0]).toMatch(/true, assumed +scan$/);
  });

  test('a named model has no route, and a refusal tries none', () => {
    expect(
      renderDecision({ ...DECISION_VIEW, route: 'named', rules: { constraints: [], routes: [] } }),
    ).toContain('routes: none was tried, since the client named a model');
    const untried = { constraints: [], routes: [{ text: 'a', value: undefined, children: [] }] };
    expect(renderDecision({ ...DECISION_VIEW, rules: untried })).toContain(
      'not tried, since it was refused: a',
    );
  });
});
