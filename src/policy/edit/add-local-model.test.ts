import { describe, expect, test } from 'vitest';
import { addLocalModel } from './add-local-model.ts';

const ENTRY = {
  id: 'tiny',
  instance: 'tiny-local',
  file: 'tiny.gguf',
  contextTokens: 2048,
  isEmbedding: false,
};

describe('a local model in a policy', () => {
  test('stands at the end of the lists, and comments stay', () => {
    const before = `version: 1
# ours
models:
  - { id: small } # cheap
instances:
  - { id: a, model: small, engine: vllm, url: 'http://127.0.0.1:1' }
routes: []
`;
    const after = addLocalModel(before, ENTRY);
    expect(after).toContain('# ours');
    expect(after).toContain('# cheap');
    expect(after).toContain(
      '- { id: tiny, price: { inputPerMTok: 0, outputPerMTok: 0 }, contextWindowTokens: 2048 }',
    );
    expect(after).toContain('engine: gguf');
    expect(after.indexOf('tiny-local')).toBeGreaterThan(after.indexOf('id: a'));
    expect(after.indexOf('tiny-local')).toBeLessThan(after.indexOf('routes'));
  });

  test('one that embeds is of that kind', () => {
    const after = addLocalModel('version: 1\nmodels: []\n', { ...ENTRY, isEmbedding: true });
    expect(after).toContain('- { id: tiny, kind: embedding, price: { inputPerMTok: 0 }, context');
  });

  test('makes the lists that are missing', () => {
    const after = addLocalModel('version: 1\n', { ...ENTRY, contextTokens: null });
    expect(after).toContain('models:');
    expect(after).toContain('file: tiny.gguf');
    expect(after).not.toContain('contextTokens');
  });

  test.each([
    ['models:\n  - { id: tiny }\n', 'already'],
    ['models: 3\n', 'is no list'],
    ['models: [\n', ''],
  ])('refuses %j', (text, reason) => {
    expect(() => addLocalModel(text, ENTRY)).toThrow(reason);
  });
});
