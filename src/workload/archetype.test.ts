import { expect, test } from 'vitest';
import { archetypeOf } from './archetype.ts';

const base = { hasTools: false, isMultiTurn: false, promptBytes: 4000, outputCeilingTokens: 1000 };

test.each([
  [{}, 'chat|single|balanced'],
  [{ hasTools: true }, 'agent|single|balanced'],
  [{ isMultiTurn: true }, 'chat|multi|balanced'],
  [{ hasTools: true, isMultiTurn: true, promptBytes: 16_000 }, 'agent|multi|prefill-heavy'],
  [{ promptBytes: 15_999 }, 'chat|single|balanced'],
  [{ promptBytes: 1000 }, 'chat|single|decode-heavy'],
  [{ promptBytes: 1001 }, 'chat|single|balanced'],
  [{ outputCeilingTokens: null, promptBytes: 8192 }, 'chat|single|prefill-heavy'],
  [{ outputCeilingTokens: 0, promptBytes: 10 }, 'chat|single|prefill-heavy'],
])('%j is %s', (fields, key) => {
  const archetype = archetypeOf({ ...base, ...fields });
  expect(archetype.key).toBe(key);
  expect(`${archetype.interaction}|${archetype.turns}|${archetype.weight}`).toBe(key);
});
