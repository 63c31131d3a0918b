import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerRequest } from './answer-plan.ts';
import { answerIsRight, probabilityRight } from './accuracy.ts';
import { drawOutputTokens, planAnswer } from './answer-plan.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import { EMBEDDING_DIMENSIONS, embedText } from './embedding.ts';
import { promptBlocks } from './prompt-blocks.ts';
import { readPromptFeatures } from './prompt-features.ts';
import { sampleOfSchema } from './schema-sample.ts';
import { conversationIds, textIds } from './token-ids.ts';

const [tiny, , , , large] = DEMO_FLEET;
const request = (changes: Partial<AnswerRequest> = {}): AnswerRequest => ({
  promptHash: 1,
  domain: 'general',
  difficulty: 0.5,
  choice: 0,
  ceilingTokens: 10_000,
  ignoresEnd: false,
  tool: null,
  jsonSchema: null,
  ...changes,
});
const hashes = Array.from({ length: 4000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);

describe('accuracy', () => {
  test('falls with difficulty, rises with ability, and is the ability of the domain', () => {
    const answers = large!.answers!;
    const curve = [0, 0.25, 0.5, 0.75, 1].map((d) => probabilityRight(answers, 'general', d));
    expect(curve).toEqual([...curve].sort((a, b) => b - a));
    expect(probabilityRight(answers, 'general', answers.ability)).toBe(0.5);
    expect(probabilityRight(answers, 'math', 0.6)).toBeGreaterThan(
      probabilityRight(tiny!.answers!, 'math', 0.6),
    );
    expect(probabilityRight(answers, '__proto__', 0.5)).toBe(
      probabilityRight(answers, 'general', 0.5),
    );
  });

  test('the draws have the probability, are repeatable, and differ between models', () => {
    const right = hashes.filter((hash) => answerIsRight(large!, hash, 'general', 0.5));
    const expected = probabilityRight(large!.answers!, 'general', 0.5);
    expect(right.length / hashes.length).toBeCloseTo(expected, 1);
    expect(hashes.filter((hash) => answerIsRight(large!, hash, 'general', 0.5))).toEqual(right);
    const easy = { ...tiny!, answers: large!.answers };
    const others = hashes.filter((hash) => answerIsRight(easy, hash, 'general', 0.5));
    expect(others).not.toEqual(right);
  });
});

describe('answers', () => {
  test('lengths are log-normal around the median', () => {
    const lengths = hashes.map((promptHash) => drawOutputTokens(large!, { promptHash, choice: 0 }));
    lengths.sort((a, b) => a - b);
    const at = (quantile: number): number => lengths[Math.floor(quantile * lengths.length)]!;
    const { medianOutputTokens, outputSigma } = large!.answers!;
    expect(at(0.5) / medianOutputTokens).toBeCloseTo(1, 1);
    expect(Math.log(at(0.8413) / at(0.5))).toBeCloseTo(outputSigma, 1);
  });

  test('one piece per token, four bytes each; the text names the simulator', () => {
    const plan = planAnswer(large!, request());
    expect(plan.finishReason).toBe('stop');
    expect(plan.pieces.every((piece) => Buffer.byteLength(piece) === 4)).toBe(true);
    expect(plan.pieces.join('')).toMatch(/^\[simulated qwen2\.5-72b\] This text .*\.$/);
  });

  test('the ceiling cuts, and ignoring the end fills it', () => {
    const short = planAnswer(large!, request({ ceilingTokens: 3 }));
    expect(short).toMatchObject({ finishReason: 'length', pieces: { length: 3 } });
    const full = planAnswer(large!, request({ ceilingTokens: 777, ignoresEnd: true }));
    expect(full).toMatchObject({ finishReason: 'stop', pieces: { length: 777 } });
  });

  test('a tool call has the name whole and arguments that parse', () => {
    const parameters = {
      type: 'object',
      required: ['city', 'days', 'unit'],
      properties: {
        city: { type: 'string' },
        days: { type: 'integer', minimum: 2 },
        unit: { enum: ['celsius', 'kelvin'] },
      },
    };
    const plan = planAnswer(large!, request({ tool: { name: 'get_weather', parameters } }));
    expect(plan).toMatchObject({ toolName: 'get_weather', finishReason: 'tool_calls' });
    expect(plan.pieces[0]).toBe('get_weather');
    expect(JSON.parse(plan.pieces.slice(1).join(''))).toEqual({
      city: 'simulated',
      days: 2,
      unit: 'celsius',
    });
  });

  test('JSON answers parse, whatever the schema', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (jsonSchema) => {
        fc.pre(jsonSchema !== null);
        const plan = planAnswer(large!, request({ jsonSchema }));
        expect(() => JSON.parse(plan.pieces.join(''))).not.toThrow();
      }),
      { numRuns: 200 },
    );
    const free = planAnswer(large!, request({ jsonSchema: {} }));
    expect(JSON.parse(free.pieces.join(''))).toMatchObject({ simulated: true });
  });

  test('schemas: references, choices, nesting, and an end to recursion', () => {
    const node = {
      type: 'object',
      required: ['name', 'next', 'tags', 'kind'],
      properties: {
        name: { type: ['string', 'null'] },
        next: { $ref: '#' },
        tags: { type: 'array', minItems: 2, items: { const: 'x' } },
        kind: { anyOf: [{ type: 'number', minimum: 1.5 }, { type: 'null' }] },
      },
    };
    expect(sampleOfSchema(node)).toMatchObject({
      name: 'simulated',
      tags: ['x', 'x'],
      kind: 2,
      next: { name: 'simulated' },
    });
    const wide = { required: 'abcdefgh'.split(''), properties: {} as Record<string, unknown> };
    for (const name of wide.required) wide.properties[name] = { $ref: '#' };
    expect(JSON.stringify(sampleOfSchema(wide)).length).toBeLessThan(20_000);
    expect(sampleOfSchema({ $ref: '#/$defs/a', $defs: { a: { type: 'boolean' } } })).toBe(true);
  });
});

describe('tokens', () => {
  test('the documented rule: bytes over four, four per message, 256 per image', () => {
    const messages = [
      { role: 'system', text: 'be brief', media: [] },
      { role: 'user', text: 'Grüße', media: ['https://example.com/a.png'] },
    ];
    expect(textIds('12345')).toHaveLength(2);
    expect(conversationIds(messages, '')).toHaveLength(4 + 2 + 4 + 2 + 256);
    expect(conversationIds(messages, '[1]')).toHaveLength(4 + 2 + 4 + 2 + 256 + 1);
  });

  test('equal prefixes share block hashes up to the first difference; salts share none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 200 }),
        fc.nat(199),
        (ids, at) => {
          const place = at % ids.length;
          const other = ids.with(place, ids[place]! + 10);
          const a = promptBlocks(ids, 16, 0).hashes;
          const b = promptBlocks(other, 16, 0).hashes;
          const shared = Math.min(a.length, Math.floor(place / 16));
          expect(b.slice(0, shared)).toEqual(a.slice(0, shared));
          for (let i = shared; i < a.length; i++) expect(b[i]).not.toBe(a[i]);
          const salted = new Set(promptBlocks(ids, 16, 1).hashes);
          expect(a.some((hash) => salted.has(hash))).toBe(false);
        },
      ),
    );
  });
});

describe('prompts and embeddings', () => {
  test('domain from words, difficulty within bounds and repeatable', () => {
    expect(readPromptFeatures('Prove the theorem about prime numbers.').domain).toBe('math');
    expect(readPromptFeatures('Fix this python function, it has a bug.').domain).toBe('code');
    expect(readPromptFeatures('Hello there!').domain).toBe('general');
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const { difficulty } = readPromptFeatures(text);
        expect(difficulty).toBeGreaterThanOrEqual(0);
        expect(difficulty).toBeLessThanOrEqual(1);
        expect(readPromptFeatures(text).difficulty).toBe(difficulty);
      }),
    );
  });

  test('embeddings are unit vectors, and near where words are shared', () => {
    const dot = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const vector = embedText(text);
        expect(vector).toHaveLength(EMBEDDING_DIMENSIONS);
        expect(dot(vector, vector)).toBeCloseTo(1, 5);
      }),
    );
    const question = embedText('How do I reset my password?');
    const near = dot(question, embedText('how can I reset the password'));
    const far = dot(question, embedText('Bananas grow in warm countries.'));
    expect(near).toBeGreaterThan(far + 0.3);
  });
});
