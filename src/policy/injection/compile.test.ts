import { describe, expect, test } from 'vitest';
import { DOMAINS } from '../../contract/index.ts';
import type { Reading, Signal, SignalReader, SpentReading } from '../../contract/index.ts';
import { Findings } from '../document/place.ts';
import { BUILT_IN_SIGNALS } from '../../signals/index.ts';
import { FLEET, mandateOf, policyOf, problemsOf } from '../fixtures/policy.ts';
import { routeSchema } from '../schema/rules.ts';
import { compileInjections } from './compile.ts';
import { EXPERT_PROMPTS } from './expert-prompts.ts';

const KINDS = ['complexity', 'domain', 'language', 'intent', 'outputLength'];
const known = (value: Reading['value']): SpentReading => ({
  value,
  confidence: 1,
  spentMicroseconds: 1,
});

/** A reader over fixed values; those of `later` come as promises. */
class Values implements SignalReader {
  readonly reads: string[] = [];
  readonly #readings: (SpentReading | undefined)[] = KINDS.map(() => undefined);
  readonly #values: Readonly<Record<string, Reading['value']>>;
  readonly #later: readonly string[];

  readonly #confidence: number;

  constructor(
    values: Readonly<Record<string, Reading['value']>>,
    later: readonly string[] = [],
    confidence = 1,
  ) {
    this.#values = values;
    this.#later = later;
    this.#confidence = confidence;
  }

  read(slot: number) {
    const kind = KINDS[slot]!;
    this.reads.push(kind);
    const reading = { ...known(this.#values[kind] ?? null), confidence: this.#confidence };
    if (!this.#later.includes(kind)) return (this.#readings[slot] = reading);
    return Promise.resolve().then(() => (this.#readings[slot] = reading));
  }

  readings() {
    return this.#readings;
  }

  share(): never {
    throw new Error('nothing is shared');
  }
}

function compile(use: object, findings = new Findings(new Map())) {
  const route = routeSchema.parse({ name: 'r', use });
  const valueSlot = (kind: string): number | null => {
    const slot = KINDS.indexOf(kind);
    return slot < 0 ? null : slot;
  };
  return compileInjections([route], { valueSlot }, findings)[0]!;
}

describe('what does not depend on the request', () => {
  test('is settled at load', () => {
    const { plain, settle } = compile({
      systemPrompt: 'Be brief.',
      reasoning: 'off',
      maxTokens: 9,
      set: { '/temperature': 0.2, '/extra_body/a~1b': { x: [null] } },
    });
    expect(settle).toBeNull();
    expect(plain).toEqual({
      systemPrompt: { mode: 'prepend', text: 'Be brief.' },
      reasoning: 'off',
      maxOutputTokens: 9,
      fields: [
        { path: ['temperature'], json: '0.2' },
        { path: ['extra_body', 'a/b'], json: '{"x":[null]}' },
      ],
    });
  });

  test('an expert by name', () => {
    const { plain } = compile({ systemPrompt: { expert: 'math', mode: 'onlyIfGeneric' } });
    expect(plain.systemPrompt).toEqual({ mode: 'onlyIfGeneric', text: EXPERT_PROMPTS.math });
  });
});

describe('an output limit of the exchange', () => {
  const AUTO = { quantile: 0.95, margin: 1.25, minTokens: 64, maxTokens: null };

  test('auto has defaults, and what the text lets expect', async () => {
    const { plain, settle } = compile({ maxTokens: 'auto' });
    expect(plain).toMatchObject({ maxOutputTokens: null, outputLimit: { ...AUTO, prior: null } });
    // A confidence of 1 leaves no deviation; the one of a reading is never that.
    expect((await settle!(new Values({ outputLength: 300 }), false)).outputLimit).toEqual({
      ...AUTO,
      prior: null,
    });
    const values = new Values({ outputLength: 300 }, [], 0.6);
    const { prior } = (await settle!(values, false)).outputLimit!;
    expect(Math.exp(prior!.logMean + prior!.logDeviation ** 2 / 2)).toBeCloseTo(300, 6);
    expect(prior!.logDeviation).toBeCloseTo(0.8236, 3);
    expect(values.reads).toEqual(['outputLength']);
  });

  test('its figures are those of the policy, and an unknown length has no prior', async () => {
    const auto = { quantile: 0.9, margin: 2, min: 10, max: 500 };
    const { settle } = compile({ maxTokens: { auto } });
    expect((await settle!(new Values({}), false)).outputLimit).toEqual({
      quantile: 0.9,
      margin: 2,
      minTokens: 10,
      maxTokens: 500,
      prior: null,
    });
  });

  test('a number is a ceiling, and reads nothing', () => {
    const { plain, settle } = compile({ maxTokens: 9 });
    expect(plain).not.toHaveProperty('outputLimit');
    expect(settle).toBeNull();
  });

  test.each([
    [0, />=1/],
    ['some', /whole number above 0, auto/],
    [{ auto: { quantile: 1 } }, /quantile|whole number/],
    [{ auto: { min: 9, max: 8 } }, /min above its max/],
    [{ auto: { lead: 2 } }, /lead|whole number/],
  ])('%j is refused', (maxTokens, message) => {
    const { error } = routeSchema.safeParse({ name: 'r', use: { maxTokens } });
    expect(JSON.stringify(error?.issues)).toMatch(message);
  });
});

describe('the effort by difficulty', () => {
  test.each([
    ['auto', 0.1, 'off'],
    ['auto', 0.2, 'low'],
    ['auto', 0.6, 'medium'],
    ['auto', 0.9, 'high'],
    ['auto', null, null],
    [{ auto: { low: 0, medium: 0.9, high: 0.95 } }, 0.6, 'low'],
  ])('%j at %s is %s', async (reasoning, complexity, effort) => {
    const { settle } = compile({ reasoning });
    expect((await settle!(new Values({ complexity }), true)).reasoning).toBe(effort);
  });

  test('is not read where no model that may serve can be told', async () => {
    const { settle } = compile({ reasoning: 'auto' });
    const values = new Values({ complexity: 0.9 });
    expect((await settle!(values, false)).reasoning).toBeNull();
    expect(values.reads).toEqual([]);
  });
});

describe('a prompt that shows what was read', () => {
  const use = { systemPrompt: { mode: 'append', text: '{{domain}} in {{language}}' } };

  test('reads its signals only, and waits for slow ones', async () => {
    const values = new Values({ domain: { law: 0.8 }, language: 'fr' }, ['language']);
    const settled = compile(use).settle!(values, false);
    expect(settled).toBeInstanceOf(Promise);
    expect((await settled).systemPrompt).toEqual({ mode: 'append', text: 'law in French' });
    expect(values.reads).toEqual(['domain', 'language']);
  });

  test('is none where nothing of it is left', async () => {
    const { settle } = compile({ systemPrompt: '{{intent}}' });
    expect((await settle!(new Values({}), false)).systemPrompt).toBeNull();
  });

  test('an expert of the domain, none where it is unknown', async () => {
    const { settle } = compile({ systemPrompt: 'expert' });
    const of = async (domain: Reading['value']) =>
      (await settle!(new Values({ domain }), false)).systemPrompt;
    for (const domain of DOMAINS) {
      expect(await of({ [domain]: 0.9 })).toEqual({
        mode: 'prepend',
        text: EXPERT_PROMPTS[domain],
      });
    }
    expect(await of({ law: 0.4 })).toBeNull();
    expect(await of({ toString: 0.9 })).toBeNull();
    expect(await of(null)).toBeNull();
  });
});

test('a value or a signal that is not there is a finding', () => {
  const findings = new Findings(new Map());
  compile({ systemPrompt: 'In {{langauge}}' }, findings);
  expect(findings.problems).toMatchObject([
    { path: 'routes[0].use.systemPrompt', suggestion: 'language' },
  ]);
});

describe('in a policy file', () => {
  const complexity: Signal = {
    apiVersion: 1,
    kind: 'complexity',
    definitionSchema: null,
    conditionSchema: {},
    valueSlot: () => ({
      key: 'complexity',
      kind: 'complexity',
      cost: 'text',
      read: () => ({ value: 0.9, confidence: 1 }),
    }),
    compile: () => {
      throw new Error('no condition reads it');
    },
  };
  const route = (use: string): string => `${FLEET}routes:\n  - { name: r, use: ${use} }\n`;
  const withFamily = (use: string): string =>
    route(use).replace(
      '{ id: large,',
      '{ id: large, reasoning: { family: qwen3, budgetTokens: { low: 9 } },',
    );

  test('the difficulty is read where a model can be told, and the mandate carries the effort', async () => {
    const signals = [...BUILT_IN_SIGNALS, complexity];
    const told = await mandateOf(policyOf(withFamily('{ reasoning: auto }'), signals));
    expect(told.injection.reasoning).toBe('high');
    const none = await mandateOf(
      policyOf(withFamily('{ reasoning: auto, models: [small] }'), signals),
    );
    expect(none.injection.reasoning).toBeNull();
  });

  test('a model says what its family leaves open', () => {
    const { models } = policyOf(withFamily('{}')).config;
    expect(models.find(({ id }) => id === 'large')).toMatchObject({
      reasoning: 'qwen3',
      reasoningOptions: {
        leastEffort: 'low',
        budgetTokens: { low: 9, medium: 4096, high: 16_384 },
      },
    });
    expect(models.find(({ id }) => id === 'small')).not.toHaveProperty('reasoningOptions');
  });

  test.each([
    ['{ set: { /model: x } }', 'must not change "model": `use.models` chooses it'],
    ['{ set: { /messages/0: x } }', 'must not change "messages"'],
    ['{ set: { temperature: 1 } }', 'must be a JSON pointer'],
    ['{ set: { /a: 1, /a/b: 2 } }', 'lies inside of the value of another pointer'],
    ['{ set: { /a: .nan } }', 'must be a value that JSON has'],
    ['{ systemPrompt: { expert: maths } }', 'must be one of auto, biology'],
    ['{ systemPrompt: { text: a, expert: math } }', 'must have either text or expert'],
    ['{ systemPrompt: { mode: append } }', 'must have either text or expert'],
    ['{ systemPrompt: "{{user}}" }', 'there is no value "user" for a template'],
    ['{ reasoning: auto }', 'needs the signal "complexity", which is not there'],
    ['{ reasoning: { auto: { low: 0.9 } } }', 'must rise from low over medium to high'],
  ])('%s: %s', (use, message) => {
    expect(problemsOf(route(use)).join('\n')).toContain(message);
  });
});
