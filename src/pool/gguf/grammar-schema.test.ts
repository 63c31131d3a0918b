import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grammarSchema } from './grammar-schema.ts';
import { LocalAskError } from './local-model.ts';

const of = (schema: unknown): object => grammarSchema(schema, 'tools.0');
const ANY = of({});

describe('the schema of a grammar', () => {
  test.each([
    [
      'optional texts',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    ['formats that have no grammar', { type: 'string', format: 'email' }, { type: 'string' }],
    [
      'formats that have one',
      { type: 'string', format: 'date' },
      { type: 'string', format: 'date' },
    ],
    ['several types', { type: ['string', 'null'] }, { type: ['string', 'null'] }],
    [
      'patterns',
      { type: 'string', pattern: '^a+$', minLength: 2 },
      { type: 'string', minLength: 2 },
    ],
    [
      'bounds that no grammar repeats',
      { type: 'array', maxItems: 1e9, minItems: 1, items: {} },
      { type: 'array', minItems: 1, items: ANY },
    ],
    ['enumerations', { type: 'string', enum: ['a', 'b'] }, { enum: ['a', 'b'] }],
    ['one schema of all', { allOf: [{ type: 'integer' }] }, { type: 'integer' }],
    [
      'objects of anything',
      { type: 'object' },
      { type: 'object', properties: {}, additionalProperties: true },
    ],
    [
      'objects',
      { properties: { a: { type: 'integer', description: 'how many' } } },
      {
        type: 'object',
        properties: { a: { type: 'integer', description: 'how many' } },
        additionalProperties: false,
      },
    ],
    [
      'references',
      { $ref: '#/definitions/A', definitions: { A: { type: 'null' } } },
      { $ref: '#/$defs/A', $defs: { A: { type: 'null' } } },
    ],
    ['references to elsewhere', { $ref: 'https://example.com/a' }, ANY],
    ['what says nothing', true, ANY],
  ])('%s', (_, schema, expected) => {
    expect(of(schema)).toEqual(expected);
  });

  test('a type that holds objects is one of several', () => {
    expect(of({ type: ['object', 'null'] })).toEqual({
      oneOf: [{ type: 'object', properties: {}, additionalProperties: true }, { type: 'null' }],
    });
  });

  test('what nothing fits, and what is too deep or too large, is refused with its place', () => {
    let deep: object = { type: 'null' };
    for (let i = 0; i < 100; i++) deep = { type: 'array', items: deep };
    const properties = Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`p${i}`, {}]));
    for (const bad of [false, deep, { properties }]) {
      expect(() => of(bad)).toThrow(LocalAskError);
      expect(() => of(bad)).toThrow('tools.0');
    }
  });

  test('no JSON does more than to be refused, and all that is said is known', () => {
    const known = ['$defs', '$ref', 'oneOf', 'const', 'enum', 'type', 'format', 'description'];
    const bounds = ['minLength', 'maxLength', 'minItems', 'maxItems'];
    const parts = ['properties', 'additionalProperties', 'items', 'prefixItems'];
    const allowed = new Set([...known, ...bounds, ...parts]);
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const schema = {
          type: 'object',
          properties: a,
          items: b,
          anyOf: b,
          additionalProperties: a,
        };
        let mapped = {};
        try {
          mapped = of(schema);
        } catch (error) {
          expect(error).toBeInstanceOf(LocalAskError);
        }
        for (const key of Object.keys(mapped)) expect(allowed).toContain(key);
      }),
    );
  });
});
