import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, getJson, startDemoExchange } from './demo-exchange.ts';
import type { DemoExchange } from './demo-exchange.ts';
import type { DecisionView } from '../../src/contract/index.ts';

let demo: DemoExchange;
beforeAll(async () => {
  demo = await startDemoExchange();
  await eventually(async () => (await post('warm', [say('Hi.')])).ok);
});
afterAll(async () => {
  await demo.close();
});

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly [more: string]: unknown;
}

const post = (session: string, messages: readonly Message[]): Promise<Response> =>
  fetch(`${demo.app.modelUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-session-id': session },
    body: JSON.stringify({ model: 'auto', messages, max_tokens: 40 }),
  });

async function ask(session: string, messages: readonly Message[]): Promise<DecisionView> {
  const response = await post(session, messages);
  expect(response.status, await response.text()).toBe(200);
  const id = response.headers.get('x-bourse-decision-id')!;
  return getJson<DecisionView>(`${demo.app.adminUrl}/admin/v1/decisions/${id}`);
}

const LONG = 'The manual says: '.padEnd(6_000, 'press the red button, then wait. ');
const say = (content: string): Message => ({ role: 'user', content });

test('the next turn of a conversation is quoted with what its instance has cached', async () => {
  const first = await ask('talk', [say(LONG)]);
  const again = await ask('talk', [say(LONG), say('And then?')]);
  const bid = again.bids.find(({ instance }) => instance === first.winner)!;
  expect(bid.cachedTokens / bid.promptTokens).toBeGreaterThan(0.8);
  expect(bid.terms.switching).toBe(0);
  for (const other of again.bids) {
    if (other.instance === first.winner) continue;
    expect(other.cachedTokens).toBe(0);
    expect(other.terms.switching).toBeGreaterThan(0);
  }
});

test('a tool loop stays where it began', async () => {
  const question = say('What is the weather in Paris?');
  const { winner } = await ask('loop', [question]);
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } };
  const looped = await ask('loop', [
    question,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', content: '18 degrees', tool_call_id: 'c1' },
  ]);
  expect(looped).toMatchObject({ winner, heldBy: 'tool-loop' });
  expect(looped.excluded.some(({ cause }) => cause === 'session')).toBe(true);
});
