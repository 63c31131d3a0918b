import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Injection, Mandate, Model, Surface } from '../contract/index.ts';
import { decide } from './fixtures/exchange.ts';
import { upstreamBody } from './upstream-body.ts';

interface Case {
  readonly surface?: Surface;
  readonly injection?: Partial<Injection>;
  readonly model?: Partial<Model>;
  readonly ceilingTokens?: number | null;
}

interface Ceilings {
  readonly enforced?: number | null;
  readonly injected?: number | null;
}

const NOTHING: Injection = {
  systemPrompt: null,
  reasoning: null,
  maxOutputTokens: null,
  fields: [],
};

function build(
  body: string,
  { surface = 'chat', injection, model, ceilingTokens = null }: Case,
): string {
  const mandate: Partial<Mandate> = { injection: { ...NOTHING, ...injection } };
  const asked = { body, surface, mandate };
  const decision = decide(asked, [{ id: 'a', url: 'http://127.0.0.1:1', model: model ?? {} }]);
  const wanted = {
    model: decision.result.ranked[0]!.instance.model,
    surface,
    body: decision.workload.body,
    ceilingTokens,
  };
  return upstreamBody(decision, wanted).toString();
}

describe('the output ceiling', () => {
  test.each([
    ['{}', {}, '{}'],
    ['{}', { injected: 64 }, '{"max_tokens":64}'],
    ['{}', { enforced: 32 }, '{"max_tokens":32}'],
    ['{}', { enforced: 32, injected: 64 }, '{"max_tokens":32}'],
    ['{}', { enforced: 100, injected: 64 }, '{"max_tokens":64}'],
    ['{"max_tokens":5}', { enforced: 32 }, '{"max_tokens":5}'],
    ['{"max_tokens":5}', { injected: 2 }, '{"max_tokens":5}'],
    ['{"max_tokens":50}', { enforced: 32 }, '{"max_tokens":32}'],
    ['{"max_completion_tokens":50}', { enforced: 32 }, '{"max_completion_tokens":32}'],
    // Of two, the one that counts is left, lowered or not.
    [
      '{"max_completion_tokens":50,"max_tokens":999999}',
      { enforced: 32 },
      '{"max_completion_tokens":32}',
    ],
    [
      '{"max_tokens":999999,"max_completion_tokens":5}',
      { enforced: 32 },
      '{"max_completion_tokens":5}',
    ],
  ])('%s with %j is %s', (ceiling, { enforced = null, injected = null }: Ceilings, expected) => {
    const body = JSON.stringify({ model: 'm', ...(JSON.parse(ceiling) as object) });
    const built = build(body, {
      ceilingTokens: enforced,
      injection: { maxOutputTokens: injected },
    });
    expect(JSON.parse(built)).toEqual({ model: 'm', ...(JSON.parse(expected) as object) });
    if (ceiling === expected) expect(built).toBe(body);
  });

  test("OpenAI's own models are told by the new name, the responses surface by its own", () => {
    const body = '{"model":"m"}';
    expect(build(body, { ceilingTokens: 9, model: { reasoning: 'openai' } })).toBe(
      '{"model":"m","max_completion_tokens":9}',
    );
    const old = '{"model":"m","max_tokens":50}';
    expect(build(old, { ceilingTokens: 9, model: { reasoning: 'openai' } })).toBe(
      '{"model":"m","max_tokens":9}',
    );
    expect(build(body, { ceilingTokens: 9, surface: 'responses' })).toBe(
      '{"model":"m","max_output_tokens":9}',
    );
    expect(build(body, { ceilingTokens: 9, surface: 'embeddings' })).toBe(body);
  });
});

describe('the fields of the exchange', () => {
  test('its own object is taken out', () => {
    expect(build('{"bourse":{"mode":"eco"},"model":"m"}', {})).toBe('{"model":"m"}');
  });

  test('the model goes by its upstream name, quoted as JSON', () => {
    expect(build('{"model":"auto"}', { model: { upstreamName: 'we"ird' } })).toBe(
      String.raw`{"model":"we\"ird"}`,
    );
  });

  test('a system prompt stands in the messages, or in the instructions', () => {
    const injection = { systemPrompt: { mode: 'replace', text: 'Be "brief".' } } as const;
    expect(JSON.parse(build('{"model":"m","messages":[]}', { injection }))).toEqual({
      model: 'm',
      messages: [{ role: 'system', content: 'Be "brief".' }],
    });
    expect(
      JSON.parse(build('{"model":"m","input":"x"}', { injection, surface: 'responses' })),
    ).toEqual({ model: 'm', input: 'x', instructions: 'Be "brief".' });
    const completion = '{"model":"m","prompt":"x"}';
    expect(build(completion, { injection, surface: 'completions' })).toBe(completion);
  });
});

describe('the salt of the prefix cache', () => {
  const salted = (body: string, isApart: boolean, saltsPrefixes?: true): string => {
    const decision = decide({ body, surface: 'chat' }, [{ id: 'a', url: 'http://127.0.0.1:1' }]);
    const policy = { config: { server: { keepsPrefixesApart: isApart } } } as never;
    const wanted = {
      model: decision.result.ranked[0]!.instance.model,
      surface: 'chat' as const,
      body: decision.workload.body,
      ceilingTokens: null,
      engine: { saltsPrefixes } as never,
    };
    const sent = upstreamBody({ ...decision, policy }, wanted).toString();
    return (JSON.parse(sent) as { cache_salt?: string }).cache_salt ?? 'none';
  };

  test("is the tenant's, before the client's own", () => {
    const own = salted('{}', true, true);
    expect(own).not.toBe('none');
    expect(salted('{"cache_salt":"mine"}', true, true)).toBe(`${own}mine`);
    expect(salted('{"cache_salt":7}', true, true)).toBe(own);
  });

  test('is left to the client where tenants share, or the engine knows none', () => {
    for (const body of ['{}', '{"cache_salt":"mine"}']) {
      const { cache_salt: own = 'none' } = JSON.parse(body) as { cache_salt?: string };
      expect(salted(body, false, true)).toBe(own);
      expect(salted(body, true)).toBe(own);
    }
  });
});

test('whatever the client sends besides, only the named fields change', () => {
  const extra = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), fc.jsonValue(), {
    maxKeys: 6,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(extra, fc.integer({ min: 1, max: 1e6 }), (fields, ceilingTokens) => {
      const own = { ...fields, model: 'auto', max_tokens: 500_000, stream: true, bourse: {} };
      for (const name of ['max_completion_tokens', 'stream_options', 'n']) {
        delete (own as Record<string, unknown>)[name];
      }
      const built: unknown = JSON.parse(build(JSON.stringify(own), { ceilingTokens }));
      const { bourse: _, ...rest } = own;
      expect(built).toEqual({
        ...(JSON.parse(JSON.stringify(rest)) as object),
        model: 'm',
        max_tokens: Math.min(500_000, ceilingTokens),
        stream_options: { include_usage: true },
      });
    }),
  );
});
