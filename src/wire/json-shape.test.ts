import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasShape } from './json-shape.ts';

test.each<[boolean, unknown, unknown]>([
  [true, { a: 1 }, { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }],
  [false, {}, { required: ['a'] }],
  [false, { a: 1.5 }, { properties: { a: { type: 'integer' } } }],
  [false, { b: 1 }, { properties: {}, additionalProperties: false }],
  [
    true,
    { b: 1 },
    { properties: {}, patternProperties: { '^b': {} }, additionalProperties: false },
  ],
  [true, ['x'], { type: 'array', items: { enum: ['x', 'y'] }, maxItems: 2 }],
  [false, ['z'], { items: { enum: ['x', 'y'] } }],
  [false, [], { minItems: 1 }],
  [true, null, { type: ['string', 'null'] }],
  [false, 3, { anyOf: [{ type: 'string' }, { maximum: 2 }] }],
  [true, 3, { $ref: '#/$defs/n', $defs: { n: { minimum: 3 } } }],
  [false, 2, { $ref: '#/$defs/n', $defs: { n: { minimum: 3 } } }],
  [true, 2, { $ref: 'https://elsewhere' }],
  [false, { a: { b: 'x' } }, { properties: { a: { properties: { b: { const: 'y' } } } } }],
  [true, 'x', { pattern: '(a+)+$' }],
  [true, 'x', undefined],
  [false, 'x', false],
])('%s: %j by %j', (fits, value, schema) => {
  expect(hasShape(value, schema)).toBe(fits);
});

test('a schema that refers to itself ends, and nothing makes it throw', () => {
  const endless: Record<string, unknown> = { $ref: '#' };
  expect(hasShape({ a: 1 }, endless)).toBe(true);
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => void hasShape(a, b)));
});
