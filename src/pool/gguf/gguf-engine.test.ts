import { expect, test } from 'vitest';
import type { Instance } from '../../contract/index.ts';
import { createGgufEngine } from './gguf-engine.ts';
import { readSpecPath } from './spec-path.ts';

const engine = createGgufEngine({ url: 'http://127.0.0.1:4100', token: 't' });

test('an instance stands where its file is served, and shows the key', () => {
  const placed = engine.place!({ file: '/m/a b.gguf', slots: 3, threads: 4 })!;
  expect(placed.apiKey).toBe('t');
  const { spec, rest } = readSpecPath(`${new URL(placed.url).pathname}/health`)!;
  expect(spec).toEqual({ file: '/m/a b.gguf', slots: 3, contextTokens: null, threads: 4 });
  expect(rest).toBe('/health');
});

test('without a file there is no place', () => {
  expect(engine.place!({})).toBeNull();
  expect(engine.place!(undefined)).toBeNull();
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
