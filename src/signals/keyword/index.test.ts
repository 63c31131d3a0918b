import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import type { Truth } from '../../contract/index.ts';
import { evaluate } from '../fixtures/evaluate.ts';
import { fold } from './fold.ts';
import { keywordSignal } from './index.ts';
import { PATTERN_CHARACTERS_MAX } from './pattern.ts';
import { requiredLiteral } from './required-literal.ts';

const match = (body: Record<string, unknown>, text: string): Promise<Truth> =>
  evaluate(keywordSignal, 'k', { text }, [{ name: 'k', body }]);

describe('terms', () => {
  test.each([
    ['Project Titan', 'about project titan.', true],
    ['Project Titan', 'about PROJECT\n\t TITAN', true],
    ['Project Titan', 'project-titan', false],
    ['Project Titan', 'project of titan', false],
    ['titan', 'titanium', false],
    ['titan', 'a_titan', false],
    ['titan', 'titan2', false],
    ['titan', '(titan)', true],
    ['titan', 'titanium titan', true],
    ['titan', 'ｔｉｔａｎ', true],
    ['titan', 'ti\u200btan', true],
    ['titan', 'títan', true],
    ['resume', 'my résumé', true],
    ['C++', 'in C++ and', true],
    ['C++', 'in C++17', true],
    ['.NET', 'use .net', true],
    ['机密', '这是机密文件', true],
    ['titan', '关于titan的文件', true],
    ['Straße', 'STRASSE', false],
    ['Straße', 'an der straße', true],
  ])('%j in %j is %j', async (term, text, expected) => {
    await expect(match({ anyOf: [term] }, text)).resolves.toBe(expected);
  });

  test('need not stand alone when told so', async () => {
    await expect(match({ anyOf: ['titan'], wholeWord: false }, 'titanium')).resolves.toBe(true);
  });

  test('combine: one of anyOf, all of allOf, none of noneOf', async () => {
    const body = { anyOf: ['a', 'b'], allOf: ['c', 'd'], noneOf: ['e'] };
    await expect(match(body, 'b c d')).resolves.toBe(true);
    await expect(match(body, 'c d')).resolves.toBe(false);
    await expect(match(body, 'a c')).resolves.toBe(false);
    await expect(match(body, 'a c d e')).resolves.toBe(false);
    await expect(match({ noneOf: ['e'] }, 'anything')).resolves.toBe(true);
  });

  test('look at the last user text, or over the whole conversation', async () => {
    const message = (role: string, text: string) => ({ role, text, hasToolCalls: false });
    const messages = [message('user', 'Project Titan'), message('user', 'go on')];
    const over = (where: string) =>
      evaluate(keywordSignal, 'k', { messages, text: 'go on' }, [
        { name: 'k', body: { anyOf: ['titan'], over: where } },
      ]);
    await expect(over('lastUser')).resolves.toBe(false);
    await expect(over('conversation')).resolves.toBe(true);
  });

  test('are found at the end of a very long text, in linear time', async () => {
    const text = `${'titanium '.repeat(100_000)}titan`;
    await expect(match({ anyOf: ['titan'] }, text)).resolves.toBe(true);
  });
});

describe('fuzzy', () => {
  test.each([
    ['Project Titan', 'projct titan', true],
    ['Project Titan', 'project tiatn', true],
    ['Project Titan', 'project titter', false],
    ['Project Titan', 'poject of titan', false],
    ['tin', 'ton', false],
    ['tin', 'tin', true],
    ['confidential', 'confidentail', true],
    ['confidential', 'confident', false],
  ])('%j in %j is %j', async (term, text, expected) => {
    await expect(match({ anyOf: [term], fuzzy: true }, text)).resolves.toBe(expected);
  });

  test('is unknown beyond the words that it compares', async () => {
    const text = `${'word '.repeat(5000)}confidentail`;
    await expect(match({ anyOf: ['confidential'], fuzzy: true }, text)).resolves.toBeNull();
  });
});

describe('regex', () => {
  test('is one of the alternatives of anyOf, and ignores case', async () => {
    const body = { anyOf: ['titan'], regex: ['akia[0-9A-Z]{4}', '\\d{3}-\\d{2}'] };
    await expect(match(body, 'key AKIA12XY')).resolves.toBe(true);
    await expect(match(body, 'ssn 123-45')).resolves.toBe(true);
    await expect(match(body, 'Titan')).resolves.toBe(true);
    await expect(match(body, 'nothing')).resolves.toBe(false);
  });

  test('takes an attack on backtracking engines in its stride', async () => {
    await expect(match({ regex: '^(a+)+$' }, `${'a'.repeat(5000)}!`)).resolves.toBe(false);
  });

  test('is unknown when the text goes on beyond the cap, and true when it was found before', async () => {
    const tail = 'x'.repeat(PATTERN_CHARACTERS_MAX);
    await expect(match({ regex: '[0-9]z' }, `${tail}1z`)).resolves.toBeNull();
    await expect(match({ regex: '[0-9]z' }, `1z${tail}`)).resolves.toBe(true);
    await expect(match({ regex: 'secret[0-9]' }, tail)).resolves.toBe(false);
    await expect(match({ noneOf: ['y'], regex: '[0-9]z' }, `y ${tail}`)).resolves.toBe(false);
  });
});

describe('definitions', () => {
  const refuse = (body: Record<string, unknown>) =>
    expect(() => keywordSignal.checkDefinition?.({ name: 'k', body }));

  test('are refused where they cannot be meant', () => {
    refuse({}).toThrow('must have one of anyOf');
    refuse({ anyOf: [] }).toThrow('empty list');
    refuse({ anyOf: ['\u200b'] }).toThrow('no visible character');
    refuse({ anyOf: 'x', over: 'everything' }).toThrow('must be one of lastUser, conversation');
    refuse({ regex: '(?=look)' }).toThrow('is not an RE2 pattern');
    refuse({ regex: 'x'.repeat(2001) }).toThrow('longer than 2000');
    refuse({ anyOf: ['x'], fuzy: true }).toThrow('unknown key "fuzy"');
  });

  test('are found by name, with a suggestion where the name is wrong', () => {
    const definitions = [{ name: 'titan', body: { anyOf: ['x'] } }];
    expect(() => keywordSignal.compile('titam', definitions)).toThrow(
      expect.objectContaining({ suggestion: 'titan' }),
    );
    expect(() => keywordSignal.compile('titan', [])).toThrow('signals.keywords');
  });
});

describe('requiredLiteral', () => {
  test.each([
    ['AKIA[0-9A-Z]{16}', 'akia'],
    ['project\\s+titan', 'project'],
    ['(foo|bar)baz', 'baz'],
    ['colou?r', 'colo'],
    ['foo|bar', null],
    ['\\d{3}-\\d{2}', null],
    ['[a-z]+', null],
    ['abcd*', 'abc'],
    ['abc{0,2}', null],
    ['sec\\.ret', 'sec.ret'],
    ['\\Qa|b\\E', null],
    ['[]|]abc', 'abc'],
    ['(?:x[)|]y)abc', 'abc'],
    ['a{|b}', null],
  ])('of %s is %j', (source, literal) => {
    expect(requiredLiteral(source)).toBe(literal);
  });

  test('stands in every text that matches', () => {
    const atom = fc.constantFrom(
      'k',
      's',
      'ab',
      'secret',
      '\\.',
      '\\d',
      '[ks]',
      '[^x]',
      '(ab|c)',
      '(?i:s)',
      '.',
      'K',
      ' ',
    );
    const piece = fc
      .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,1}', '+?'))
      .map(([text, repeat]) => text + repeat);
    const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const unit = fc.constantFrom(
      'k',
      's',
      'ſ',
      'K',
      'ab',
      'secret',
      '.',
      '7',
      'c',
      'B',
      ' ',
      '\u0301',
    );
    const text = fc.array(unit, { maxLength: 12 }).map((parts) => parts.join(''));
    let matches = 0;
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        if (!RE2JS.compile(source, RE2JS.CASE_INSENSITIVE).test(subject)) return;
        const literal = requiredLiteral(source);
        if (literal === null) return;
        matches++;
        expect(fold(subject)).toContain(literal);
      }),
      { numRuns: 2000 },
    );
    expect(matches).toBeGreaterThan(10);
  });
});
