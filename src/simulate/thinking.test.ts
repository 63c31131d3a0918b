import OpenAI from 'openai';
import { afterEach, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../kernel/index.ts';
import type { ReasoningFamily } from '../contract/index.ts';
import { planAnswer } from './answer-plan.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import type { SimulatedSpec } from './engine-spec.ts';
import { chatSchema } from './request-body.ts';
import { createSimulatedServer } from './simulated-server.ts';
import type { SimulatedServer } from './simulated-server.ts';
import { thinkingOf } from './thinking-request.ts';
import { drawThinkingTokens, easedDifficulty } from './thinking.ts';
import type { Thinking } from './thinking.ts';

const small = DEMO_FLEET[1]!;
const thinker: SimulatedSpec = {
  ...small,
  answers: { ...small.answers!, thinking: { family: 'qwen3', gain: 0.2 } },
};
const hashes = Array.from({ length: 2000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);
const asked = (promptHash: number, difficulty: number) => ({ promptHash, difficulty, choice: 0 });
const effort = (name: Thinking['effort'], budgetTokens: number | null = null): Thinking => ({
  effort: name,
  budgetTokens,
});
const median = (thinking: Thinking, difficulty: number): number =>
  hashes
    .map((hash) => drawThinkingTokens('m', thinking, asked(hash, difficulty)))
    .sort((a, b) => a - b)[hashes.length / 2]!;

describe('how long it thinks', () => {
  test('each effort is four times the one before, harder questions take longer, off takes nothing', () => {
    const medium = median(effort('medium'), 0.5);
    expect(medium / 1500).toBeCloseTo(1, 1);
    expect(median(effort('low'), 0.5) / medium).toBeCloseTo(0.25, 2);
    expect(median(effort('high'), 0.5) / medium).toBeCloseTo(4, 1);
    expect(median(effort('high'), 0.9) / median(effort('high'), 0.1)).toBeCloseTo(Math.exp(1.2), 1);
    expect(median(effort('off'), 1)).toBe(0);
  });

  test('a budget is a cap, and one prompt always has the same thought', () => {
    const all = hashes.map((hash) =>
      drawThinkingTokens('m', effort('high', 256), asked(hash, 0.5)),
    );
    expect(Math.max(...all)).toBe(256);
    expect(drawThinkingTokens('m', effort('low'), asked(7, 0.5))).toBe(
      drawThinkingTokens('m', effort('low'), asked(7, 0.5)),
    );
  });
});

describe('what thinking is worth', () => {
  test('it saturates: a quarter of the need has 22 % of the gain, the need 63 %, four times 98 %', () => {
    const shares = [375, 1500, 6000].map(
      (tokens) => (0.5 - easedDifficulty(0.2, 0.5, tokens)) / 0.1,
    );
    expect(shares.map((share) => Number(share.toFixed(2)))).toEqual([0.22, 0.63, 0.98]);
    expect(easedDifficulty(0.2, 0.5, 0)).toBe(0.5);
  });

  test('it is worth more on hard questions', () => {
    const gains = [0.1, 0.4, 0.8].map((d) => d - easedDifficulty(0.2, d, 100_000));
    expect(gains).toEqual([...gains].sort((a, b) => a - b));
  });

  test('answers are right more often with it, and never when the ceiling cuts the thought off', () => {
    const rights = (thinking: Thinking, ceilingTokens: number): number =>
      hashes.slice(0, 500).filter(
        (promptHash) =>
          planAnswer(thinker, {
            promptHash,
            domain: 'general',
            difficulty: 0.6,
            choice: 0,
            ceilingTokens,
            ignoresEnd: false,
            tool: null,
            jsonSchema: null,
            thinking,
          }).isRight,
      ).length / 500;
    const high = rights(effort('high'), 60_000);
    expect(high - rights(effort('off'), 60_000)).toBeGreaterThan(0.1);
    expect(rights(effort('high'), 50)).toBe(0);
  });
});

const switched: [ReasoningFamily, object, Thinking][] = [
  ['qwen3', {}, effort('high')],
  ['qwen3', { chat_template_kwargs: { enable_thinking: false } }, effort('off')],
  ['qwen3', { chat_template_kwargs: { thinking: false } }, effort('high')],
  ['qwen3', { reasoning_effort: 'none' }, effort('off')],
  [
    'qwen3',
    { reasoning_effort: 'none', chat_template_kwargs: { enable_thinking: true } },
    effort('high'),
  ],
  ['qwen3', { thinking_token_budget: 500 }, effort('high', 500)],
  ['deepseek-v3', {}, effort('off')],
  ['deepseek-v3', { chat_template_kwargs: { thinking: true } }, effort('high')],
  ['gemma', {}, effort('off')],
  ['holo2', { chat_template_kwargs: { thinking: false } }, effort('off')],
  ['deepseek-r1', { thinking_token_budget: 256 }, effort('high', 256)],
  ['gpt-oss', { reasoning_effort: 'none' }, effort('low')],
  ['gpt-oss', {}, effort('medium')],
  ['openai', { reasoning_effort: 'none' }, effort('off')],
  ['gemini', { reasoning_effort: 'high' }, effort('high')],
  ['claude', {}, effort('off')],
  ['claude', { thinking: { type: 'enabled', budget_tokens: 2048 } }, effort('high', 2048)],
  ['claude', { thinking: { type: 'disabled' } }, effort('off')],
];

test.each(switched)('%s told %j', (family, members, thinking) => {
  const body = chatSchema.parse({ model: 'm', messages: [{ role: 'user' }], ...members });
  expect(thinkingOf(family, body)).toEqual(thinking);
});

describe('over the wire', () => {
  let server: SimulatedServer | null = null;
  afterEach(async () => {
    await server?.close();
  });
  const clientOf = async (): Promise<OpenAI> => {
    const [clock, rng] = [createSystemClock(), createRng(1)];
    server = await createSimulatedServer({ spec: thinker, clock, rng, speedup: 5000 });
    return new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  };
  const body = {
    model: thinker.model,
    messages: [{ role: 'user' as const, content: 'Prove that 7 is prime.' }],
    thinking_token_budget: 40,
  };
  type Said = { content?: string | null; reasoning_content?: string };

  test('thinking comes first, in a member of its own, streamed and whole, and is counted', async () => {
    const client = await clientOf();
    const whole = await client.chat.completions.create(body);
    const message = whole.choices[0]!.message as Said;
    expect(message.reasoning_content).toMatch(/^\[simulated thinking\] /);
    expect(message.reasoning_content).toHaveLength(160);
    expect(message.content).toMatch(/^\[simulated qwen2\.5-7b\]/);
    expect(whole.usage).toMatchObject({ completion_tokens_details: { reasoning_tokens: 40 } });
    expect(whole.usage!.completion_tokens).toBe(40 + message.content!.length / 4);
    const said: Said[] = [];
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
      if (chunk.choices[0]) said.push(chunk.choices[0].delta);
    }
    expect(said.map((one) => one.reasoning_content ?? '').join('')).toBe(message.reasoning_content);
    expect(said.map((one) => one.content ?? '').join('')).toBe(message.content);
    const lastThought = said.findLastIndex((one) => one.reasoning_content !== undefined);
    expect(said.slice(1, lastThought).some((one) => one.content !== undefined)).toBe(false);
  });

  test('switched off there is none; cut off while thinking there is no answer, nor a tool call', async () => {
    const client = await clientOf();
    const told = { ...body, chat_template_kwargs: { enable_thinking: false } };
    const off = await client.chat.completions.create(told);
    expect(off.choices[0]!.message).not.toHaveProperty('reasoning_content');
    expect(off.usage).not.toHaveProperty('completion_tokens_details');
    const cut = await client.chat.completions.create({
      ...body,
      max_tokens: 10,
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      tool_choice: 'required',
    });
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } });
    expect(cut.choices[0]!.message.tool_calls).toBeUndefined();
    expect(cut).toMatchObject({ bourse_sim: { correct: false } });
  });
});
