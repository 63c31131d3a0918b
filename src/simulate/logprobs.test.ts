import { afterEach, describe, expect, test } from 'vitest';
import { createRng, createSystemClock } from '../kernel/index.ts';
import { SELF_CHECK_QUESTION } from '../wire/index.ts';
import { DEMO_FLEET } from './demo-fleet.ts';
import { checkProbability, tokenLogprob } from './logprobs.ts';
import { createSimulatedServer } from './simulated-server.ts';
import type { SimulatedServer } from './simulated-server.ts';

let server: SimulatedServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function post(path: string, body: object): Promise<string> {
  server ??= await createSimulatedServer({
    spec: DEMO_FLEET[1]!,
    clock: createSystemClock(),
    rng: createRng(1),
    speedup: 200,
  });
  const response = await fetch(server.url + path, {
    method: 'POST',
    body: JSON.stringify({ model: DEMO_FLEET[1]!.model, max_tokens: 5, ...body }),
  });
  expect(response.status).toBe(200);
  return response.text();
}

/** The area under the ROC curve: how often a right answer has the higher value. */
function auc(valueOf: (hash: number, isRight: boolean) => number): number {
  let sum = 0;
  for (let i = 0; i < 4000; i++) {
    const right = valueOf(Math.imul(i + 1, 0x9e3779b1) >>> 0, true);
    const wrong = valueOf(Math.imul(i + 7001, 0x85ebca6b) >>> 0, false);
    sum += right > wrong ? 1 : 0;
  }
  return sum / 4000;
}

describe('how sure a simulated model is', () => {
  test('tells right answers from wrong ones as well as it says', () => {
    const meanOf = (hash: number, isRight: boolean): number => {
      let sum = 0;
      for (let token = 0; token < 200; token++) sum += tokenLogprob(hash, isRight, token);
      return sum;
    };
    expect(auc(meanOf)).toBeCloseTo(0.75, 1);
    expect(auc(checkProbability)).toBeCloseTo(0.8, 1);
  });

  test('is told on both surfaces, whole and streamed, to those who ask', async () => {
    const chat = { messages: [{ role: 'user', content: 'hi' }] };
    const whole = JSON.parse(await post('/v1/chat/completions', { ...chat, logprobs: true })) as {
      choices: { logprobs: { content: { logprob: number }[] } }[];
    };
    const tokens = whole.choices[0]!.logprobs.content.map(({ logprob }) => logprob);
    expect(tokens).toHaveLength(5);
    expect(Math.max(...tokens)).toBeLessThanOrEqual(0);

    const stream = await post('/v1/chat/completions', { ...chat, logprobs: true, stream: true });
    const streamed = [...stream.matchAll(/"logprob":(-[\d.e-]+)/g)].map(([, value]) =>
      Number(value),
    );
    expect(streamed).toEqual(tokens);

    const text = await post('/v1/completions', { prompt: 'hi', logprobs: 1 });
    expect(text).toContain('"token_logprobs":[-');
    expect(await post('/v1/chat/completions', chat)).toContain('"logprobs":null');
  });

  test('and whether it was right: one word, the same whenever it is asked', async () => {
    const asked = {
      logprobs: true,
      messages: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'four' },
        { role: 'user', content: SELF_CHECK_QUESTION },
      ],
    };
    const answer = async (): Promise<unknown> => {
      const body = JSON.parse(await post('/v1/chat/completions', asked)) as {
        choices: { message: { content: string }; logprobs: { content: { logprob: number }[] } }[];
      };
      const [choice] = body.choices;
      expect(choice!.message.content).toMatch(/^(Yes|No)$/);
      expect(Math.exp(choice!.logprobs.content[0]!.logprob)).toBeGreaterThanOrEqual(0.5);
      return choice;
    };
    expect(await answer()).toEqual(await answer());
  });
});
