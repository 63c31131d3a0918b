import { describe, expect, test } from 'vitest';
import type { Effort, Injection, Model, ReasoningFamily, Surface } from '../contract/index.ts';
import { chatFromResponses, scanBody } from '../wire/index.ts';
import { decide } from './fixtures/exchange.ts';
import { upstreamBody } from './upstream-body.ts';

type Switched = Pick<Model, 'reasoning'> & Partial<Pick<Model, 'reasoningOptions'>>;

interface Ask {
  readonly model: Switched;
  readonly effort: Effort;
  readonly surface?: Surface;
  /** The instance has no responses surface. */
  readonly isTranslated?: boolean;
  readonly injection?: Partial<Injection>;
  /** A limit of the exchange's own. */
  readonly limitTokens?: number;
  /** The answer so far, to go on with. */
  readonly begunText?: string;
}

/** The bytes that an instance of the model gets for the client's. */
function sent(body: string, { model, effort, surface = 'chat', ...more }: Ask): string {
  const injection: Injection = {
    systemPrompt: null,
    reasoning: effort,
    maxOutputTokens: null,
    fields: [],
    ...more.injection,
  };
  const candidate = { id: 'a', url: 'http://127.0.0.1:1', model };
  const decision = decide({ body, surface, mandate: { injection } }, [candidate]);
  return upstreamBody(decision, {
    model: decision.result.ranked[0]!.instance.model,
    surface: more.isTranslated ? 'chat' : surface,
    body: more.isTranslated
      ? scanBody(chatFromResponses(decision.workload.body))
      : decision.workload.body,
    ceilingTokens: more.limitTokens ?? null,
    isOwnLimit: more.limitTokens !== undefined,
    begunText: more.begunText ?? null,
  }).toString();
}

const ASK = '"messages":[{"role":"user","content":"hi"}]';
const TOOL =
  '"tools":[{"type":"function","function":{"name":"reasoning_effort","parameters":{"thinking":{"chat_template_kwargs":1}}}}]';

/** `SWITCH` stands for the name of the family's switch. */
const TEMPLATE_CASES: readonly (readonly [
  name: string,
  effort: Effort,
  body: string,
  golden: string,
])[] = [
  [
    'no field of its own, off',
    'off',
    `{"model":"m",${ASK}}`,
    `{"model":"m",${ASK},"chat_template_kwargs":{"SWITCH":false}}`,
  ],
  [
    'no field of its own, low',
    'low',
    `{"model":"m",${ASK}}`,
    `{"model":"m",${ASK},"chat_template_kwargs":{"SWITCH":true}}`,
  ],
  [
    'no field of its own, medium',
    'medium',
    `{"model":"m",${ASK}}`,
    `{"model":"m",${ASK},"chat_template_kwargs":{"SWITCH":true}}`,
  ],
  [
    'no field of its own, high',
    'high',
    `{"model":"m",${ASK}}`,
    `{"model":"m",${ASK},"chat_template_kwargs":{"SWITCH":true}}`,
  ],
  [
    'a switch and an effort of its own',
    'off',
    `{"model":"m","reasoning_effort":"high", "chat_template_kwargs" : {"SWITCH": true},"thinking_token_budget":9,${ASK}}`,
    `{"model":"m","chat_template_kwargs" : {"SWITCH": false},${ASK}}`,
  ],
  [
    'a budget of its own stays beside on',
    'low',
    `{"model":"m","thinking_token_budget":9,${ASK}}`,
    `{"model":"m","thinking_token_budget":9,${ASK},"chat_template_kwargs":{"SWITCH":true}}`,
  ],
  [
    'other arguments of its own',
    'high',
    String.raw`{"model":"m","chat_template_kwargs":{ "date":"\u0031", "n":12345678901234567890 },${ASK}}`,
    String.raw`{"model":"m","chat_template_kwargs":{ "date":"\u0031", "n":12345678901234567890 ,"SWITCH":true},${ASK}}`,
  ],
  [
    'null for an object',
    'off',
    `{"model":"m","chat_template_kwargs":null,${ASK}}`,
    `{"model":"m","chat_template_kwargs":{"SWITCH":false},${ASK}}`,
  ],
  [
    'streaming',
    'off',
    `{"model":"m","stream":true,"stream_options":{"x":1},${ASK}}`,
    `{"model":"m","stream":true,"stream_options":{"x":1,"include_usage":true},${ASK},"chat_template_kwargs":{"SWITCH":false}}`,
  ],
  [
    'tools',
    'off',
    `{"model":"m",${TOOL},${ASK}}`,
    `{"model":"m",${TOOL},${ASK},"chat_template_kwargs":{"SWITCH":false}}`,
  ],
];

const TEMPLATE_FAMILIES: readonly (readonly [ReasoningFamily, string])[] = [
  ['qwen3', 'enable_thinking'],
  ['glm', 'enable_thinking'],
  ['gemma', 'enable_thinking'],
  ['deepseek-v3', 'thinking'],
  ['granite', 'thinking'],
  ['holo2', 'thinking'],
];

describe.each(TEMPLATE_FAMILIES)('%s has a switch in its template', (reasoning, name) => {
  const filled = (text: string): string => text.replaceAll('SWITCH', name);

  test.each(TEMPLATE_CASES)('%s (%s)', (_, effort, body, golden) => {
    expect(sent(filled(body), { model: { reasoning }, effort })).toBe(filled(golden));
  });

  test('has none on the responses surface, but in its translation', () => {
    const body = '{"model":"m","input":"hi","reasoning":{"effort":"high"}}';
    const ask = { model: { reasoning }, effort: 'off', surface: 'responses' } as const;
    expect(sent(body, ask)).toBe(body);
    expect(sent(body, { ...ask, isTranslated: true })).toBe(
      `{"model":"m",${ASK},"chat_template_kwargs":{"${name}":false}}`,
    );
  });

  test('takes a budget where the model has one configured', () => {
    const reasoningOptions = { leastEffort: null, budgetTokens: { low: 11, medium: 22, high: 33 } };
    const body = `{"model":"m","thinking_token_budget":9,${ASK}}`;
    expect(sent(body, { model: { reasoning, reasoningOptions }, effort: 'medium' })).toBe(
      `{"model":"m","thinking_token_budget":22,${ASK},"chat_template_kwargs":{"${name}":true}}`,
    );
    expect(sent(body, { model: { reasoning, reasoningOptions }, effort: 'off' })).toBe(
      `{"model":"m",${ASK},"chat_template_kwargs":{"${name}":false}}`,
    );
  });
});

describe.each(['deepseek-r1', 'qwq'] as const)('%s always thinks, within a budget', (reasoning) => {
  test.each([
    ['off', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"thinking_token_budget":256}`],
    ['low', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"thinking_token_budget":1024}`],
    ['medium', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"thinking_token_budget":4096}`],
    ['high', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"thinking_token_budget":16384}`],
    [
      'low',
      `{"model":"m","thinking_token_budget": 99999,${ASK}}`,
      `{"model":"m","thinking_token_budget": 1024,${ASK}}`,
    ],
    // Half of the ceiling is left for the answer.
    [
      'high',
      `{"model":"m","max_tokens":600,${ASK}}`,
      `{"model":"m","max_tokens":600,${ASK},"thinking_token_budget":300}`,
    ],
    [
      'low',
      `{"model":"m","chat_template_kwargs":{"x":1},${ASK}}`,
      `{"model":"m","chat_template_kwargs":{"x":1},${ASK},"thinking_token_budget":1024}`,
    ],
    [
      'low',
      `{"model":"m","stream":true,${ASK}}`,
      `{"model":"m","stream":true,${ASK},"stream_options":{"include_usage":true},"thinking_token_budget":1024}`,
    ],
    [
      'low',
      `{"model":"m",${TOOL},${ASK}}`,
      `{"model":"m",${TOOL},${ASK},"thinking_token_budget":1024}`,
    ],
  ] as const)('%s: %s', (effort, body, golden) => {
    expect(sent(body, { model: { reasoning }, effort })).toBe(golden);
  });

  test('not on the responses surface, but in its translation', () => {
    const body = '{"model":"m","input":"hi"}';
    const ask = { model: { reasoning }, effort: 'low', surface: 'responses' } as const;
    expect(sent(body, ask)).toBe(body);
    expect(sent(body, { ...ask, isTranslated: true })).toBe(
      `{"model":"m",${ASK},"thinking_token_budget":1024}`,
    );
  });
});

const LEAST_NONE = { leastEffort: 'none', budgetTokens: null } as const;

describe.each(['gpt-oss', 'openai', 'gemini'] as const)('%s is told an effort', (reasoning) => {
  test.each([
    ['off', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"reasoning_effort":"low"}`],
    ['low', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"reasoning_effort":"low"}`],
    ['medium', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"reasoning_effort":"medium"}`],
    ['high', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"reasoning_effort":"high"}`],
    [
      'low',
      `{"model":"m","reasoning_effort" : "high",${ASK}}`,
      `{"model":"m","reasoning_effort" : "low",${ASK}}`,
    ],
    [
      'low',
      `{"model":"m","extra_body":{"a":1.0},${ASK}}`,
      `{"model":"m","extra_body":{"a":1.0},${ASK},"reasoning_effort":"low"}`,
    ],
    [
      'low',
      `{"model":"m","stream":true,"stream_options":{"include_usage":true},${ASK}}`,
      `{"model":"m","stream":true,"stream_options":{"include_usage":true},${ASK},"reasoning_effort":"low"}`,
    ],
    [
      'low',
      `{"model":"m",${TOOL},${ASK}}`,
      `{"model":"m",${TOOL},${ASK},"reasoning_effort":"low"}`,
    ],
  ] as const)('%s: %s', (effort, body, golden) => {
    expect(sent(body, { model: { reasoning }, effort })).toBe(golden);
  });

  test('off is the least effort that the model takes, except that gpt-oss takes none below low', () => {
    const model = { reasoning, reasoningOptions: LEAST_NONE };
    const least = reasoning === 'gpt-oss' ? 'low' : 'none';
    expect(sent(`{"model":"m",${ASK}}`, { model, effort: 'off' })).toBe(
      `{"model":"m",${ASK},"reasoning_effort":"${least}"}`,
    );
  });

  test('a translated responses request is chat', () => {
    const body = '{"model":"m","input":"hi","reasoning":{"effort":"high","summary":"auto"}}';
    const ask = {
      model: { reasoning },
      effort: 'low',
      surface: 'responses',
      isTranslated: true,
    } as const;
    expect(sent(body, ask)).toBe(`{"model":"m",${ASK},"reasoning_effort":"low"}`);
  });
});

describe('the responses surface of OpenAI models and gpt-oss', () => {
  test.each([
    ['{"model":"m","input":"hi"}', '{"model":"m","input":"hi","reasoning":{"effort":"medium"}}'],
    [
      '{"model":"m","reasoning":{ "summary":"auto", "effort" :"high"},"input":"hi"}',
      '{"model":"m","reasoning":{ "summary":"auto", "effort" :"medium"},"input":"hi"}',
    ],
    [
      '{"model":"m","reasoning":{"summary":"auto"},"input":"hi","stream":true}',
      '{"model":"m","reasoning":{"summary":"auto","effort":"medium"},"input":"hi","stream":true}',
    ],
  ])('%s', (body, golden) => {
    for (const reasoning of ['openai', 'gpt-oss'] as const) {
      const ask = { model: { reasoning }, effort: 'medium', surface: 'responses' } as const;
      expect(sent(body, ask)).toBe(golden);
    }
  });
});

describe('claude is told a budget', () => {
  const on = (tokens: number): string => `"thinking":{"type":"enabled","budget_tokens":${tokens}}`;
  test.each([
    ['off', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},"thinking":{"type":"disabled"}}`],
    ['low', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},${on(1024)}}`],
    ['medium', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},${on(4096)}}`],
    ['high', `{"model":"m",${ASK}}`, `{"model":"m",${ASK},${on(16_384)}}`],
    [
      'off',
      `{"model":"m",${on(9000)},${ASK}}`,
      `{"model":"m","thinking":{"type":"disabled"},${ASK}}`,
    ],
    [
      'low',
      `{"model":"m","thinking":{"type":"disabled","x":1},${ASK}}`,
      `{"model":"m",${on(1024)},${ASK}}`,
    ],
    // A budget has to stay below the ceiling, and there is none below 1024.
    [
      'high',
      `{"model":"m","max_tokens":5000,${ASK}}`,
      `{"model":"m","max_tokens":5000,${ASK},${on(2500)}}`,
    ],
    [
      'high',
      `{"model":"m","max_tokens":2000,${ASK}}`,
      `{"model":"m","max_tokens":2000,${ASK},"thinking":{"type":"disabled"}}`,
    ],
    [
      'low',
      `{"model":"m","stream":true,${ASK}}`,
      `{"model":"m","stream":true,${ASK},"stream_options":{"include_usage":true},${on(1024)}}`,
    ],
    ['low', `{"model":"m",${TOOL},${ASK}}`, `{"model":"m",${TOOL},${ASK},${on(1024)}}`],
  ] as const)('%s: %s', (effort, body, golden) => {
    expect(sent(body, { model: { reasoning: 'claude' }, effort })).toBe(golden);
  });
});

test.each(['gemini', 'claude'] as const)('%s has no responses surface of its own', (reasoning) => {
  const body = '{"model":"m","input":"hi"}';
  expect(sent(body, { model: { reasoning }, effort: 'low', surface: 'responses' })).toBe(body);
});

test('completions and models without a family are left alone', () => {
  const prompt = '{"model":"m","prompt":"hi"}';
  const model = { reasoning: 'qwen3' } as const;
  expect(sent(prompt, { model, effort: 'high', surface: 'completions' })).toBe(prompt);
  expect(sent(`{"model":"m",${ASK}}`, { model: { reasoning: null }, effort: 'high' })).toBe(
    `{"model":"m",${ASK}}`,
  );
});

describe('members that the policy sets', () => {
  const fields = [
    { path: ['temperature'], json: '0.2' },
    { path: ['extra_body', 'x'], json: '{"y":[null]}' },
  ];
  const set = (body: string, surface: Surface = 'chat'): string =>
    sent(body, {
      model: { reasoning: null },
      effort: 'off',
      surface,
      injection: { reasoning: null, fields },
    });

  test('are replaced, added, and made with their parents', () => {
    expect(set(`{"model":"m","temperature": 1.50 ,${ASK}}`)).toBe(
      `{"model":"m","temperature": 0.2 ,${ASK},"extra_body":{"x":{"y":[null]}}}`,
    );
    expect(set('{"model":"m","prompt":"hi","extra_body":{"z": 1.0}}', 'completions')).toBe(
      '{"model":"m","prompt":"hi","extra_body":{"z": 1.0,"x":{"y":[null]}},"temperature":0.2}',
    );
  });

  test('have the last word over the switch of a family', () => {
    const injection = {
      fields: [{ path: ['chat_template_kwargs', 'enable_thinking'], json: '0' }],
    };
    expect(
      sent(`{"model":"m",${ASK}}`, { model: { reasoning: 'qwen3' }, effort: 'off', injection }),
    ).toBe(`{"model":"m",${ASK},"chat_template_kwargs":{"enable_thinking":0}}`);
  });
});

describe("a limit of the exchange's own", () => {
  const { limitTokens } = { limitTokens: 4596 };
  const body = `{"model":"m",${ASK}}`;
  test.each<[ReasoningFamily | null, Effort, string]>([
    [null, 'off', `"max_tokens":4596`],
    ['qwen3', 'off', `"max_tokens":4596,"chat_template_kwargs":{"enable_thinking":false}`],
    ['glm', 'high', `"max_tokens":4596,"chat_template_kwargs":{"enable_thinking":true}`],
    ['gemma', 'low', `"max_tokens":4596,"chat_template_kwargs":{"enable_thinking":true}`],
    ['deepseek-v3', 'off', `"max_tokens":4596,"chat_template_kwargs":{"thinking":false}`],
    ['granite', 'low', `"max_tokens":4596,"chat_template_kwargs":{"thinking":true}`],
    ['holo2', 'off', `"max_tokens":4596,"chat_template_kwargs":{"thinking":false}`],
    // The limit has counted the budget in: it is not halved.
    ['deepseek-r1', 'medium', `"max_tokens":4596,"thinking_token_budget":4096`],
    ['qwq', 'off', `"max_tokens":4596,"thinking_token_budget":256`],
    ['gpt-oss', 'low', `"max_tokens":4596,"reasoning_effort":"low"`],
    ['openai', 'medium', `"max_completion_tokens":4596,"reasoning_effort":"medium"`],
    ['gemini', 'high', `"max_tokens":4596,"reasoning_effort":"high"`],
    ['claude', 'medium', `"max_tokens":4596,"thinking":{"type":"enabled","budget_tokens":4096}`],
    // A budget stays below it all the same.
    ['claude', 'high', `"max_tokens":4596,"thinking":{"type":"enabled","budget_tokens":4595}`],
  ])('is told to %s at %s', (reasoning, effort, golden) => {
    expect(sent(body, { model: { reasoning }, effort, limitTokens })).toBe(
      `{"model":"m",${ASK},${golden}}`,
    );
  });

  test('replaces a ceiling that says nothing', () => {
    const open = `{"model":"m","max_tokens":null,${ASK}}`;
    expect(sent(open, { model: { reasoning: null }, effort: 'off', limitTokens: 9 })).toBe(
      `{"model":"m","max_tokens":9,${ASK}}`,
    );
  });
});

describe('a begun answer is handed back', () => {
  const begunText = 'He said "no\\yes",\nthen ü';
  const json = JSON.stringify(begunText);
  const message = `{"role":"assistant","content":${json}}`;
  const told = '"continue_final_message":true,"add_generation_prompt":false';
  const asked = (messages: string): string => `{"model":"m","messages":[${messages}]}`;
  const USER = String.raw`{ "role":"user", "content":"\u0068i 12345678901234567890" }`;

  test.each<[ReasoningFamily | null, string]>([
    [null, ''],
    ['qwen3', '"chat_template_kwargs":{"enable_thinking":false},'],
    ['glm', '"chat_template_kwargs":{"enable_thinking":false},'],
    ['gemma', '"chat_template_kwargs":{"enable_thinking":false},'],
    ['deepseek-v3', '"chat_template_kwargs":{"thinking":false},'],
    ['granite', '"chat_template_kwargs":{"thinking":false},'],
    ['holo2', '"chat_template_kwargs":{"thinking":false},'],
  ])('as a last message that stays open: %s', (reasoning, switched) => {
    const ask = { model: { reasoning }, effort: 'off', begunText } as const;
    expect(sent(asked(USER), ask)).toBe(
      `${asked(`${USER},${message}`).slice(0, -1)},${switched}${told}}`,
    );
  });

  test('behind the messages that a system prompt of the policy has changed', () => {
    const injection = {
      reasoning: null,
      systemPrompt: { mode: 'prepend', text: 'Be brief.' },
    } as const;
    const ask = { model: { reasoning: null }, effort: 'off', begunText, injection } as const;
    const system = '{"role":"system","content":"Be brief."}';
    expect(sent(asked(USER), ask)).toBe(
      `${asked(`${system},${USER},${message}`).slice(0, -1)},${told}}`,
    );
  });

  test('behind no message at all', () => {
    const ask = { model: { reasoning: null }, effort: 'off', begunText } as const;
    expect(sent(asked(''), ask)).toBe(`${asked(message).slice(0, -1)},${told}}`);
  });

  test('as more of the prompt', () => {
    const body = String.raw`{"model":"m","prompt" : "\u0041b" }`;
    const ask = { model: { reasoning: null }, effort: 'off', surface: 'completions' } as const;
    expect(sent(body, { ...ask, begunText })).toBe(
      String.raw`{"model":"m","prompt" : "\u0041b${json.slice(1)} }`,
    );
  });

  test('but not where the body has no place for it', () => {
    const ask = { model: { reasoning: null }, effort: 'off', begunText } as const;
    expect(() => sent('{"model":"m","messages":{}}', ask)).toThrow(/no place for a begun answer/);
  });
});
