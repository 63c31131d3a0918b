import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CacheNews } from '../../contract/index.ts';
import { stored } from '../../../test/contract/cache-store.contract.ts';
import { decodeRecord, encodeRecord, plain } from './cache-record.ts';
import { serverFault } from './server-fault.ts';

const text = fc.string({ unit: 'binary' });
const news: fc.Arbitrary<CacheNews> = fc.oneof(
  fc
    .record({
      scope: text,
      question: text,
      tags: fc.array(text),
      key: fc.uint8Array({ minLength: 3 }).map((bytes) => Uint8Array.from(bytes)),
      vector: fc.option(fc.float32Array().map((numbers) => Float32Array.from(numbers))),
    })
    .map((over) => stored('a', over)),
  fc.record({ kind: fc.constant('removed' as const), ids: fc.array(text) }),
  fc.record({ kind: fc.constant('rejected' as const), decision: text }),
  fc.record({
    kind: fc.constant('forgotten' as const),
    selector: fc.record({ tenant: text, tag: text }, { requiredKeys: [] }),
  }),
);

test('a record gives back what was written', () => {
  fc.assert(
    fc.property(news, (each) => {
      expect(decodeRecord(encodeRecord(each))).toEqual(each);
    }),
  );
});

test('what is damaged, foreign or newer is no record', () => {
  const whole = encodeRecord(stored('a'));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (at) => {
      expect(decodeRecord(whole.slice(0, at))).toBeNull();
    }),
  );
  for (const other of ['null', '[]', '{"kind":"invented"}', '{"kind":"removed","ids":"a"}']) {
    expect(decodeRecord(other)).toBeNull();
  }
  const vector = Float32Array.from([1, 2]);
  const cut = encodeRecord(stored('a', { vector })).replace('AACAPwAAAEA=', 'AACAPwAA');
  expect(cut).toContain('"AACAPwAA"');
  expect(decodeRecord(cut)).toBeNull();
  expect(decodeRecord(encodeRecord(stored('a', { contextBytes: 1e6 })))).toBeNull();
});

test('text for a server has no NUL and no half character', () => {
  expect(plain('a\u0000b\ud800')).toBe('ab\ufffd');
});

test('a fault tells where, and neither the password nor what was thrown', () => {
  const url = 'redis://user:p%40ss@cache.example:6379/0';
  const thrown = Object.assign(new Error(`AUTH p@ss of ${url} (p%40ss) failed`), {
    command: { args: ['p@ss'] },
  });
  const told = serverFault(url, thrown);
  expect(told.message).toContain('cache.example:6379');
  expect(told.message).toContain('AUTH *** of ***');
  expect(`${told.message}${told.stack}${String(told.cause)}`).not.toMatch(/p@ss|p%40ss/);
  expect(told.cause).toBeUndefined();
  const [first, second] = [new Error('one'), new Error('two')];
  const refused = Object.assign(new AggregateError([first, second]), { code: 'ECONNREFUSED' });
  expect(serverFault(url, refused).message).toContain('ECONNREFUSED');
});
