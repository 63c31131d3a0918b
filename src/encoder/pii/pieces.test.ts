import { describe, expect, test } from 'vitest';
import { CERTAIN_TYPES, CODE, NUMBER_GROUP, isCertain } from './patterns/kinds.ts';
import { Pieces } from './pieces.ts';
import { Tokens } from './tokens.ts';

const tokens = new Tokens(100_000);
const pieces = new Pieces(tokens);

function read(text: string): Pieces {
  tokens.read(text, 0, text.length);
  pieces.read();
  return pieces;
}

/** What needs no context in `text`, as "TYPE value". */
function certain(text: string): string[] {
  const { count, kind } = read(text);
  const found: string[] = [];
  for (let at = 0; at < count; at++) {
    if (!isCertain(kind[at]!)) continue;
    found.push(`${CERTAIN_TYPES[kind[at]!]} ${text.slice(pieces.start(at), pieces.end(at))}`);
  }
  return found;
}

const of = (kind: number, text: string): string[] => {
  const { count } = read(text);
  const found: string[] = [];
  for (let at = 0; at < count; at++) {
    if (pieces.kind[at] === kind) found.push(text.slice(pieces.start(at), pieces.end(at)));
  }
  return found;
};

describe('what needs no context', () => {
  test.each([
    ['Write to a.b-c+tag@mail.example.co.uk.', ['EMAIL_ADDRESS a.b-c+tag@mail.example.co.uk']],
    ['two: x@y.org,z_1@w.net', ['EMAIL_ADDRESS x@y.org', 'EMAIL_ADDRESS z_1@w.net']],
    ['see http://www.Example.com.pt/ now', ['DOMAIN_NAME http://www.Example.com.pt/']],
    ['see https://example.org/a?b=c#d.', ['DOMAIN_NAME https://example.org/a?b=c#d']],
    ['(www.example.de)', ['DOMAIN_NAME www.example.de']],
    ['at example.com or example.co.uk.', ['DOMAIN_NAME example.com', 'DOMAIN_NAME example.co.uk']],
    ['GB29 NWBK 6016 1331 9268 19', ['IBAN_CODE GB29 NWBK 6016 1331 9268 19']],
    ['de89370400440532013000', ['IBAN_CODE de89370400440532013000']],
    ['from 192.168.1.255:', ['IP_ADDRESS 192.168.1.255']],
    [
      'fe80::1 2001:db8:0:0:8:800:200c:417a',
      ['IP_ADDRESS fe80::1', 'IP_ADDRESS 2001:db8:0:0:8:800:200c:417a'],
    ],
    ['card 4111111111111111', ['CREDIT_CARD 4111111111111111']],
    ['card 4111 1111 1111 1111', ['CREDIT_CARD 4111 1111 1111 1111']],
    ['card 3782-822463-10005', ['CREDIT_CARD 3782-822463-10005']],
    ['ssn 078-05-1120', ['US_SSN 078-05-1120']],
    [
      'on 2/8/1935 and 2000-04-16 11:34:35',
      ['DATE_TIME 2/8/1935', 'DATE_TIME 2000-04-16 11:34:35'],
    ],
    ['on 2024-05-01T09:30:00Z', ['DATE_TIME 2024-05-01T09:30:00Z']],
    ['call +44 20 7946 0958', ['PHONE_NUMBER +44 20 7946 0958']],
    [
      'call (08) 8747 6301 or 541-714-1388',
      ['PHONE_NUMBER (08) 8747 6301', 'PHONE_NUMBER 541-714-1388'],
    ],
    ['كارت ٤١١١١١١١١١١١١١١١', ['CREDIT_CARD ٤١١١١١١١١١١١١١١١']],
  ])('%s', (text, expected) => {
    expect(certain(text)).toEqual(expected);
  });

  test.each([
    'card 4111111111111112',
    'GB29 NWBK 6016 1331 9268 18',
    'ZZ89370400440532013000',
    '256.1.1.1 and 1.2.3.4.5',
    'ssn 666-05-1120, 078-00-1120, 078-05-0000, 978-05-1120',
    'version 13/45/2001 or 99.99.1999',
    'x@y, @home, a@b.1 and user@',
    'node.js, main.py and end.In the',
    'at 12:75 or ::',
    'std::vector a::b 1:2',
    'the (2020) 501 report',
    '3.14159 and 1,000,000',
  ])('not in: %s', (text) => {
    expect(certain(text)).toEqual([]);
  });

  test('numbers that belong together are one piece', () => {
    expect(of(NUMBER_GROUP, 'call 0688 872 49 99, zip 840 24')).toEqual([
      '0688 872 49 99',
      '840 24',
    ]);
    expect(of(NUMBER_GROUP, '3 2270-66-1551 467 3395')).toEqual(['2270-66-1551', '467 3395']);
    expect(of(CODE, 'licence F162823540116 or LH329609T, 90s, A4')).toEqual([
      'F162823540116',
      'LH329609T',
    ]);
  });
});

describe('hostile text', () => {
  const SIZE = 100_000;

  test.each([
    'a',
    '1',
    '@',
    '-',
    '.',
    ':',
    '1-',
    'a.',
    '1 ',
    '(1',
    '+1',
    'a@',
    'a1',
    'GB2',
    '::',
    '\ud800',
    '\u200f',
  ])('many %j make no more pieces than characters', (unit) => {
    const text = unit.repeat(Math.floor(SIZE / unit.length));
    const { count } = read(text);
    expect(count).toBeLessThanOrEqual(text.length);
    let from = 0;
    for (let at = 0; at < count; at++) {
      expect(pieces.firstToken[at]).toBe(from);
      from = pieces.endToken[at]!;
    }
    expect(from).toBe(tokens.count);
  });
});
