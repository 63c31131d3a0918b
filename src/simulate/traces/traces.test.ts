import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offeredLoad } from './offered-load.ts';
import { engineBlocks, promptBody, requestOf } from './prompt-body.ts';
import { parseTrace } from './read-trace.ts';
import type { TraceRequest } from './trace.ts';

const AZURE = `TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:04.5000000,3180,8
2023-11-16 18:17:03.9799600,4808,10
`;

describe('reading', () => {
  test("Azure's rows, by time and from its beginning", () => {
    const { name, requests } = parseTrace(AZURE, 'a/azure.csv.gz');
    expect(name).toBe('azure');
    expect(requests).toEqual([
      { atMs: 0, promptTokens: 4808, outputTokens: 10, blocks: null },
      { atMs: 521, promptTokens: 3180, outputTokens: 8, blocks: null },
    ]);
  });

  test("Mooncake's lines", () => {
    const line = (at: number): string =>
      JSON.stringify({ timestamp: at, input_length: 600, output_length: 0, hash_ids: [7, 8] });
    const { requests } = parseTrace(`${line(5)}\n${line(9)}\n`, 'm.jsonl');
    expect(requests[1]).toEqual({ atMs: 4, promptTokens: 600, outputTokens: 1, blocks: [7, 8] });
  });

  test.each([
    [
      '2023-11-16 18:17:03.97,x,1',
      't.csv:4: ContextTokens and GeneratedTokens must be whole numbers',
    ],
    ['yesterday,1,1', 't.csv:4: TIMESTAMP is no time'],
  ])('a bad row is named: %s', (row, message) => {
    expect(() => parseTrace(AZURE + row, 't.csv')).toThrow(message);
  });

  test.each([
    ['{', 'm:1: it is not JSON'],
    ['null', 'm:1: timestamp must be a number'],
    ['{"timestamp":0,"input_length":513,"output_length":1,"hash_ids":[1]}', '513 tokens need 2'],
    ['{"timestamp":0,"input_length":-1,"output_length":1,"hash_ids":[]}', 'whole numbers'],
  ])('a bad line is named: %s', (line, message) => {
    expect(() => parseTrace(line, 'm')).toThrow(message);
  });
});

const tokens = fc.integer({ min: 1, max: 5_000 });
const promptOf = (promptTokens: number, first: number): TraceRequest => ({
  atMs: 0,
  promptTokens,
  outputTokens: 1,
  blocks: Array.from({ length: Math.ceil(promptTokens / 512) }, (_, i) => first + i),
});

describe('prompts', () => {
  test('a body is JSON, has text of about four bytes per token, and names its request', () => {
    fc.assert(
      fc.property(tokens, fc.nat(1e6), fc.boolean(), (promptTokens, index, isShared) => {
        const asked = isShared
          ? promptOf(promptTokens, 3)
          : { ...promptOf(promptTokens, 3), blocks: null };
        const body = promptBody(asked, index);
        const { model, stream, messages } = JSON.parse(body.toString());
        expect({ model, stream }).toEqual({ model: 'auto', stream: true });
        expect(requestOf(body)).toBe(index);
        // A prompt of one token has a whole number of bytes.
        expect(messages[0].content.length / promptTokens).toBeGreaterThanOrEqual(3);
        expect(messages[0].content.length / promptTokens).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('equal blocks are equal text, and others differ from their beginning', () => {
    const textOf = (asked: TraceRequest, index: number): string =>
      JSON.parse(promptBody(asked, index).toString()).messages[0].content;
    const long = textOf(promptOf(2_000, 10), 1);
    expect(long.startsWith(textOf(promptOf(1_024, 10), 2))).toBe(true);
    expect(textOf(promptOf(512, 11), 3).slice(0, 16)).not.toBe(long.slice(0, 16));
  });

  test('engines of any block size share what the trace shares, and nothing else', () => {
    for (const size of [16, 64, 512]) {
      const a = engineBlocks(promptOf(1_300, 10), size).hashes;
      const b = engineBlocks({ ...promptOf(1_300, 10), blocks: [10, 11, 99] }, size).hashes;
      expect(a).toHaveLength(Math.floor(1_300 / size));
      const equal = a.filter((hash, i) => hash === b[i]).length;
      expect(equal).toBe(Math.min(a.length, 1_024 / size));
      expect(new Set(a).size).toBe(a.length);
    }
  });
});

test('an offered load has the rate that was asked for, and the trace’s own bursts', () => {
  const requests = [0, 10, 20, 1_000, 1_010].map((atMs) => ({ ...promptOf(10, 1), atMs }));
  const offered = offeredLoad({ name: 't', requests }, { perSecond: 4, count: 41, seed: 3 });
  expect(offered).toHaveLength(41);
  expect(offered[0]!.atMs).toBe(0);
  expect(offered.at(-1)!.atMs).toBeCloseTo(10_000, 6);
  const gaps = offered.slice(1).map(({ atMs }, i) => atMs - offered[i]!.atMs);
  expect(Math.max(...gaps) / Math.min(...gaps)).toBeCloseTo(98, 6);
});
