import { expect, test } from 'vitest';
import type { Instance } from '../../contract/index.ts';
import { createGgufEngine } from './gguf-engine.ts';
import { readSpecPath } from './spec-path.ts';

const engine = createGgufEngine({ url: 'http://127.0.0.1:4100', token: 't' });

test('an instance stands where its file is served, and shows the key', () => {
  const placed = engine.place!({ file: '/m/a b.gguf', slots: 3, threads: 4 }, 'chat')!;
  expect(placed.apiKey).toBe('t');
  const { spec, rest } = readSpecPath(`${new URL(placed.url).pathname}/health`)!;
  const file = '/m/a b.gguf';
  expect(spec).toEqual({ file, task: 'chat', slots: 3, contextTokens: null, threads: 4 });
  expect(rest).toBe('/health');
});

test('without a file there is no place', () => {
  expect(engine.place!({}, 'chat')).toBeNull();
  expect(engine.place!(undefined, 'chat')).toBeNull();
});

test('a model embeds or chats, by its kind', () => {
  const placed = engine.place!({ file: '/m/e.gguf' }, 'embedding')!;
  expect(readSpecPath(new URL(placed.url).pathname)!.spec.task).toBe('embedding');
  const surfacesOf = (kind: 'chat' | 'embedding') =>
    (['chat', 'completions', 'embeddings', 'responses'] as const).filter((surface) => {
      const instance = { model: { kind } } as Instance;
      return engine.path(surface, { hasResponses: false }, instance) !== null;
    });
  expect(surfacesOf('chat')).toEqual(['chat']);
  expect(surfacesOf('embedding')).toEqual(['embeddings']);
});

test('a model that is absent is told in the words of its server', () => {
  const instance = {} as Instance;
  expect(engine.unfitness!('{"status":"ok"}', instance)).toBeNull();
  expect(engine.unfitness!('{"status":"absent","message":"no such file"}', instance)).toBe(
    'no such file',
  );
  expect(engine.unfitness!('<html>', instance)).not.toBeNull();
});

test.each(['/gguf/', '/gguf/%%', `/gguf/${Buffer.from('{"file":""}').toString('base64url')}`, '/'])(
  'the path %s means no model',
  (path) => {
    expect(readSpecPath(path)).toBeNull();
  },
);
