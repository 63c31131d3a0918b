import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBourse } from './demo.ts';
import type { Demo } from './demo.ts';
import { tinyGguf } from './tiny-gguf.ts';

/** No key of any cloud, and no server but the exchange's own. */
const POLICY = `version: 1
models:
  - { id: tiny, accuracy: { default: 0.1 }, price: { inputPerMTok: 0, outputPerMTok: 0 } }
instances:
  - { id: local, model: tiny, engine: gguf, options: { file: tiny.gguf, slots: 2, contextTokens: 512, threads: 1 } }
`;

let bourse: Demo;
beforeAll(async () => {
  bourse = await startBourse('serve', { 'bourse.yaml': POLICY, 'tiny.gguf': tinyGguf() });
  // The model is loaded when the first probe asks for it.
  while ((await ask('Are you there?')).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}, 90_000);
afterAll(() => bourse.close());

const ask = (content: string, more: object = {}): Promise<Response> =>
  fetch(`${bourse.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({
      model: 'auto',
      messages: [{ role: 'user', content }],
      max_tokens: 12,
      temperature: 0,
      ...more,
    }),
  });

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string } }];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

test('a GGUF file beside the policy answers, with no fleet and no key', async () => {
  const answer = await ask('Hello');
  expect(answer.headers.get('x-bourse-instance')).toBe('local');
  const { choices, usage } = (await answer.json()) as Completion;
  expect(choices[0].message.content.length).toBeGreaterThan(0);
  expect(usage.prompt_tokens).toBeGreaterThan(0);
  expect(usage.completion_tokens).toBeGreaterThan(0);
});

test('the same answer streams', async () => {
  const whole = (await (await ask('Stream this')).json()) as Completion;
  const text = await (await ask('Stream this', { stream: true })).text();
  const said = text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('');
  expect(said).toBe(whole.choices[0].message.content);
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
});

test('a conversation that goes on finds its beginning in the slot', async () => {
  const first = (await (await ask('Remember the number seven.')).json()) as Completion;
  const messages = [
    { role: 'user', content: 'Remember the number seven.' },
    { role: 'assistant', content: first.choices[0].message.content },
    { role: 'user', content: 'Which number?' },
  ];
  const second = (await (await ask('', { messages })).json()) as Completion;
  expect(second.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(20);
});

test('JSON is JSON, even from random weights', async () => {
  const schema = { type: 'object', properties: { isOpen: { type: 'boolean' } } };
  const format = { type: 'json_schema', json_schema: { name: 'door', schema } };
  const answer = await ask('Is it open?', { response_format: format, max_tokens: 100 });
  const { choices } = (await answer.json()) as Completion;
  expect(typeof JSON.parse(choices[0].message.content).isOpen).toBe('boolean');
});

test('more requests than slots wait for their turn', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => ask(`Question ${i}`)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('a prompt that is too long is refused in words that say what to do', async () => {
  const answer = await ask('long '.repeat(600));
  expect(answer.status).toBe(400);
});
