import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TOOL_FIT } from '../../contract/index.ts';
import type {
  Mandate,
  Policy,
  Refusal,
  SharedWork,
  Signal,
  Surface,
  Workload,
} from '../../contract/index.ts';
import { createVirtualClock } from '../../kernel/index.ts';
import { BUILT_IN_SIGNALS, openSignals } from '../../signals/index.ts';
import { readWorkload } from '../../workload/index.ts';
import { FLEET, fleetOf, policyOf, problemsOf } from '../fixtures/policy.ts';
import { compileNames } from './name-patterns.ts';

/** Fits as its name says: `fit_7` fits 0.7. Null: unknown. */
function relevanceSignal(isKnown: boolean, isLater: boolean): Signal {
  const slot = {
    key: 'toolRelevance',
    kind: 'toolRelevance',
    cost: 'text' as const,
    read: (workload: Pick<Workload, 'tools'>, shared: SharedWork) => {
      const relevance = workload.tools().map(({ name }) => Number(name.split('_')[1]) / 10);
      if (isKnown) shared.share(TOOL_FIT).relevance = relevance;
      const reading = { value: isKnown ? Math.max(...relevance) : null, confidence: 1 };
      return isLater ? Promise.resolve(reading) : reading;
    },
  };
  return {
    apiVersion: 1,
    kind: 'toolRelevance',
    definitionSchema: null,
    conditionSchema: {},
    compile: () => ({ slot, test: () => null, text: '' }),
    valueSlot: () => slot,
  };
}

function policy(rules: string, relevance = relevanceSignal(true, false)): Policy {
  const others = BUILT_IN_SIGNALS.filter(({ kind }) => kind !== 'toolRelevance');
  return policyOf(`${FLEET}${rules}`, [...others, relevance]);
}

interface Ask {
  readonly tools?: readonly string[];
  readonly roles?: readonly string[];
  readonly surface?: Surface;
  readonly body?: Record<string, unknown>;
}

async function decide(
  of: Policy,
  { tools, roles, surface = 'chat', body }: Ask,
): Promise<Mandate | Refusal> {
  const text =
    surface === 'chat' ? { messages: [{ role: 'user', content: 'hi' }] } : { input: 'hi' };
  const declared = tools?.map((name) => ({ type: 'function', function: { name } }));
  const json = { model: 'auto', ...text, ...(declared && { tools: declared }), ...body };
  const workload = readWorkload({
    id: 'd-1' as never,
    surface,
    caller: { tenant: 't' as never, key: 'k' as never, roles: roles ?? [] },
    bytes: Buffer.from(JSON.stringify(json)),
    headers: {},
    receivedAtMs: 0,
    startedMs: 0,
  });
  const reader = openSignals(of.slots, workload, createVirtualClock());
  return of.decide(workload, reader, fleetOf(of), null);
}

/** The names of the tools that were cut, and why; or the message of the refusal. */
async function outcome(of: Policy, asked: Ask): Promise<unknown> {
  const result = await decide(of, asked);
  if (result.kind === 'refusal') return `${result.code}: ${result.message}`;
  return result.tools?.shown.map(({ name, because }) => `${name}: ${because}`) ?? null;
}

const NO_SHELL = `constraints:
  - { name: no-shell, when: { role: intern }, tools: { deny: [shell, "db_*"] } }
`;

describe('a constraint on tools', () => {
  const of = policy(NO_SHELL);
  const intern = { roles: ['intern'] };

  test('cuts what it denies, for whom it applies', async () => {
    const tools = ['search', 'shell', 'db_drop'];
    expect(await outcome(of, { tools, ...intern })).toEqual([
      'shell: constraint no-shell',
      'db_drop: constraint no-shell',
    ]);
    expect(await outcome(of, { tools, roles: ['admin'] })).toBeNull();
  });

  test('binds a client that names its model', async () => {
    const result = await decide(of, { tools: ['shell'], ...intern, body: { model: 'small' } });
    expect(result).toMatchObject({ isNamed: true, tools: { cut: [0], rules: [{}] } });
  });

  test('binds the answer where the request has no tool', async () => {
    expect(await decide(of, intern)).toMatchObject({ tools: { cut: [], rules: [{}] } });
  });

  test('applies where its condition is unknown', async () => {
    const unsure = policy(`constraints:
  - { name: no-shell, when: { language: de }, tools: { deny: shell } }
`);
    expect(await outcome(unsure, { tools: ['shell'] })).toEqual(['shell: constraint no-shell']);
  });

  test('refuses a choice of what it cuts', async () => {
    const body = { tool_choice: { type: 'function', function: { name: 'shell' } } };
    expect(await outcome(of, { tools: ['shell'], body, ...intern })).toBe(
      'BRS_TOOL_FORBIDDEN: The tool "shell" is not allowed here (constraint no-shell): choose another, or leave the choice to the model.',
    );
  });

  test('an allowance cuts the rest, hosted tools and nameless ones too', async () => {
    const allow = policy(`constraints: [{ name: only, tools: { allow: ["get_*"] } }]\n`);
    const tools = [
      { type: 'web_search' },
      {},
      'x',
      { type: 'function', function: { name: 'get_a' } },
    ];
    const result = await decide(allow, { body: { tools } });
    expect(result).toMatchObject({ tools: { cut: [0, 1, 2] } });
  });

  test('has no effect on surfaces without tools', async () => {
    const result = await decide(of, {
      surface: 'completions',
      body: { prompt: 'hi', input: undefined },
      ...intern,
    });
    expect(result).toMatchObject({ kind: 'mandate', tools: null });
  });

  test('refuses a prompt that the provider keeps: it can have tools of its own', async () => {
    const asked = { surface: 'responses' as const, body: { prompt: { id: 'p' } } };
    expect(await outcome(of, { ...asked, ...intern })).toContain('BRS_FIELD_UNSUPPORTED');
    expect(await outcome(of, asked)).toBeNull();
  });

  test('refuses declared and called tools where it says so, in its own words', async () => {
    const strict = policy(`constraints:
  - { name: strict, tools: { deny: shell, onDeclared: refuse, onHistory: refuse, message: Ask IT. } }
`);
    expect(await outcome(strict, { tools: ['a', 'shell'] })).toBe('BRS_TOOL_FORBIDDEN: Ask IT.');
    const call = { function: { name: 'shell', arguments: '{}' } };
    const messages = [
      { role: 'assistant', tool_calls: [call] },
      { role: 'user', content: 'x' },
    ];
    expect(await outcome(strict, { body: { messages } })).toBe('BRS_TOOL_FORBIDDEN: Ask IT.');
    expect(await outcome(strict, { tools: ['a'] })).toEqual([]);
  });

  test('shows in the rules of the explanation', () => {
    const [node] = of.explain('default', []).constraints;
    expect(node!.text).toContain('no-shell: tools deny shell, db_*');
  });
});

const TOP = `routes:
  - { name: all, use: { tools: { relevant: { top: 2, keep: ["keep_*"] } } } }
`;

describe('the relevant tools', () => {
  const tools = ['fit_1', 'fit_9', 'fit_3', 'fit_7', 'keep_0'];

  test.each([true, false])('the best of them are kept (signal is slow: %s)', async (isLater) => {
    expect(await outcome(policy(TOP, relevanceSignal(true, isLater)), { tools })).toEqual([
      'fit_1: relevance 0.10',
      'fit_3: relevance 0.30',
    ]);
  });

  test('what was called or chosen is kept besides', async () => {
    const called = { role: 'assistant', tool_calls: [{ function: { name: 'fit_1' } }] };
    const body = {
      messages: [called, { role: 'user', content: 'x' }],
      tool_choice: { function: { name: 'fit_3' } },
    };
    expect(await outcome(policy(TOP), { tools, body })).toBeNull();
  });

  test('unknown leaves all', async () => {
    expect(await outcome(policy(TOP, relevanceSignal(false, false)), { tools })).toBeNull();
  });

  test('few are not scored at all', async () => {
    const of = policy(TOP);
    const result = await decide(of, { tools: ['fit_1', 'fit_2'] });
    expect(result).toMatchObject({ tools: null });
  });

  test('a least score cuts even few', async () => {
    const of = policy(TOP.replace('top: 2', 'minScore: 0.5'));
    expect(await outcome(of, { tools: ['fit_1', 'fit_9'] })).toEqual(['fit_1: relevance 0.10']);
  });

  test('they alone ask for no guard; a denial of the route does', async () => {
    expect(await decide(policy(TOP), { tools })).toMatchObject({ tools: { rules: [] } });
    const deny = policy('routes: [{ name: all, use: { tools: { deny: "fit_*" } } }]\n');
    expect(await decide(deny, { tools })).toMatchObject({
      tools: { cut: [0, 1, 2, 3], rules: [{ source: 'route all', onCall: 'drop' }] },
    });
  });
});

describe('what is wrong in a policy', () => {
  test.each([
    ['constraints: [{ name: c, tools: {} }]', 'must have allow or deny'],
    ['constraints: [{ name: c, tools: { deny: x }, refuse: no }]', 'cannot have refuse beside'],
    ['constraints: [{ name: c, tools: { deny: x, onCall: ask } }]', 'onCall'],
    ['routes: [{ name: r, use: { tools: {} } }]', 'must have allow, deny or relevant'],
    ['routes: [{ name: r, use: { tools: { relevant: {} } } }]', 'needs the signal "toolRelevance"'],
    ['routes: [{ name: r, use: { answer: {} } }]', 'must have one of text, refuse and redirect'],
    [
      'routes: [{ name: r, use: { answer: { redirect: { text: x, url: "javascript:1" } } } }]',
      'http',
    ],
  ])('%s', (rules, message) => {
    expect(problemsOf(`${FLEET}${rules}\n`).join('\n')).toContain(message);
  });
});

describe('patterns', () => {
  test('match as a regular expression of theirs would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*');
        expect(compileNames([pattern])(name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: 1_000 },
    );
  });
});
