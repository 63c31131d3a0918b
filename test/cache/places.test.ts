import { expect, test } from 'vitest';
import { createCacheRig, mandateWith } from './cache-rig.ts';

const QUESTION = { messages: [{ role: 'user', content: 'how return a lamp' }] };
const places = new Map([
  ['first', 0],
  ['second', 1],
]);

/** Asks twice, with an answer in between. */
async function askTwice(rig: ReturnType<typeof createCacheRig>, tenant: string) {
  const mandate = mandateWith();
  const { decision } = await rig.ask(QUESTION, mandate, tenant);
  rig.begin(decision)('It goes back.');
  rig.clock.advance(20);
  return rig.find(QUESTION, mandate, tenant);
}

test('who has stored answers is told by the order of the keys, not by who came first', async () => {
  const rig = createCacheRig({ config: { scopesMax: 1, places } });
  expect(await askTwice(rig, 'second')).toBe('miss');
  expect(await askTwice(rig, 'first')).toBe('hit It goes back.');
  expect(rig.cache.standing().entries).toBe(1);
});

test('whom no key names gets what is left', async () => {
  const rig = createCacheRig({ config: { scopesMax: 3, places } });
  expect(await askTwice(rig, 'stranger')).toBe('hit It goes back.');
  expect(await askTwice(rig, 'another')).toBe('miss');
  expect(await askTwice(rig, 'second')).toBe('hit It goes back.');
  expect(await askTwice(rig, 'first')).toBe('hit It goes back.');
});
